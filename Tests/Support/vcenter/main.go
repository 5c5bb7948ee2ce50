// Command vcenter serves a vCenter for tests: govmomi's simulator, made to behave as a real one does where it does not,
// with guests behind its machines. It prints one line of JSON when it serves and ends on SIGTERM or when its input closes.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/vmware/govmomi/simulator"
	vapi "github.com/vmware/govmomi/vapi/simulator"
)

// list is a flag that may be given more than once.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

// options are what the command line says.
type options struct {
	listen, state, user, passwordFile, guests, requests string
	templates, faults                                   list
	certificateDays, pageSize, bootMilliseconds         int
	esx                                                 bool
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "address and port of the SDK")
	flag.StringVar(&o.state, "state", "", "directory for datastores, disks, certificates and logs (required)")
	flag.StringVar(&o.user, "user", "administrator@vsphere.local", "the only user")
	flag.StringVar(&o.passwordFile, "password-file", "", "file whose first line is the password (default: secret)")
	flag.Var(&o.templates, "template", "NAME or NAME=DISK.qcow2 of a template; may be repeated")
	flag.StringVar(&o.guests, "guests", "stub", "what runs in a machine that is on: stub or qemu")
	flag.StringVar(&o.requests, "requests", "", "file that every request is appended to, a line of JSON each")
	flag.Var(&o.faults, "fault", "METHOD=FAULT: the next call of the method fails so; may be repeated")
	flag.IntVar(&o.certificateDays, "certificate-days", 30, "validity of the certificate; negative: expired")
	flag.IntVar(&o.pageSize, "page-size", 0, "objects in an answer of RetrievePropertiesEx; 0: all")
	flag.IntVar(&o.bootMilliseconds, "boot-milliseconds", 200, "how long a stub guest takes to have an address")
	flag.BoolVar(&o.esx, "esx", false, "be an ESXi host without a vCenter")
	flag.Parse()
	if o.state == "" || flag.NArg() != 0 || (o.guests != "stub" && o.guests != "qemu") {
		flag.Usage()
		os.Exit(2)
	}
	return o
}

func password(o options) (string, error) {
	if o.passwordFile == "" {
		return "secret", nil
	}
	text, err := os.ReadFile(o.passwordFile)
	return strings.SplitN(string(text), "\n", 2)[0], err
}

func main() {
	if err := run(parseOptions()); err != nil {
		fmt.Fprintln(os.Stderr, "vcenter:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	state, err := filepath.Abs(o.state)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(state, 0o755); err != nil {
		return err
	}
	logFile, err := os.Create(filepath.Join(state, "vcenter.log"))
	if err != nil {
		return err
	}
	log.SetOutput(logFile)
	log.SetFlags(log.Lmicroseconds)
	// The model makes its datastores there.
	os.Setenv("TMPDIR", state)

	secret, err := password(o)
	if err != nil {
		return err
	}
	certificate, err := makeCertificate(state, o.certificateDays)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	model := simulator.VPX()
	if o.esx {
		model = simulator.ESX()
	}
	model.Machine = 1
	if err := model.Create(); err != nil {
		return err
	}
	defer model.Remove()
	service := model.Service
	service.Listen = &url.URL{
		Scheme: "https", Host: listener.Addr().String(), Path: "/sdk", User: url.UserPassword(o.user, secret)}
	service.RegisterSDK(simulator.Map)
	simulator.Map.SessionManager().ServiceHostName = service.Listen.Host

	world := newWorld(service, state, o)
	if err := world.makeTemplates(o.templates, o.esx); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/sdk", world)
	mux.HandleFunc("/sdk/vimServiceVersions.xml", service.ServiceVersions)
	mux.HandleFunc("/folder/", service.ServeDatastore)
	mux.HandleFunc("/nfc/", simulator.ServeNFC)
	if !o.esx {
		path, handler := vapi.New(service.Listen, simulator.Map.OptionManager().Setting)
		service.Handle(path, handler)
		mux.Handle(path, handler)
	}
	server := &http.Server{Handler: mux, TLSConfig: certificate.config, ErrorLog: log.Default()}
	go server.ServeTLS(listener, "", "")

	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(control, world.control())

	err = json.NewEncoder(os.Stdout).Encode(map[string]string{
		"url": service.Listen.Scheme + "://" + service.Listen.Host + "/sdk", "user": o.user,
		"thumbprintSHA1": certificate.sha1, "thumbprint": certificate.sha256, "certificate": certificate.authority,
		"control": "http://" + control.Addr().String(),
	})
	if err != nil {
		return err
	}
	awaitEnd()
	world.endGuests()
	return nil
}

// awaitEnd returns when the program is asked to end, or when whoever started it is gone.
func awaitEnd() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		end <- syscall.SIGTERM
	}()
	<-end
}
