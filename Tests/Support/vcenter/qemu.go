package main

import (
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// qemuGuests run in QEMU, each with an SSH server at port 22 of a loopback address of its own.
type qemuGuests struct {
	world *world
	count int32
}

type qemuGuest struct {
	world   *world
	machine *machine
	number  int
	address string
	process *os.Process
	monitor *monitor
	// done is closed when QEMU has ended, and its disk is nobody's.
	done chan struct{}
}

func (g *qemuGuests) start(m *machine) (guest, error) {
	if m.disk == "" {
		return nil, errors.New("the template has no disk")
	}
	if err := m.prepareDisk(); err != nil {
		return nil, err
	}
	address, err := g.freeAddress()
	if err != nil {
		return nil, err
	}
	info, err := writeGuestInfo(m)
	if err != nil {
		return nil, err
	}
	started := &qemuGuest{world: g.world, machine: m, number: m.boots, address: address, done: make(chan struct{})}
	return started, started.run(append(qemuArguments(m, address), info...))
}

// freeAddress is a loopback address on whose port 22 nothing listens. Other servers begin elsewhere.
func (g *qemuGuests) freeAddress() (string, error) {
	for attempt := 0; attempt < 200; attempt++ {
		count := atomic.AddInt32(&g.count, 1)
		address := fmt.Sprintf("127.%d.%d.%d", 64+os.Getpid()%160, 1+os.Getpid()/160%250, 1+count%250)
		listener, err := net.Listen("tcp", address+":22")
		if err == nil {
			return address, listener.Close()
		}
		if errors.Is(err, syscall.EACCES) {
			return "", fmt.Errorf("the guests' SSH servers need port 22: %w", err)
		}
	}
	return "", errors.New("no loopback address is free")
}

// writeGuestInfo puts the guestinfo variables where the stand-in for vmware-rpctool in the guest finds them.
func writeGuestInfo(m *machine) ([]string, error) {
	var words []string
	for _, each := range m.vm.Config.ExtraConfig {
		option := each.GetOptionValue()
		if !strings.HasPrefix(option.Key, "guestinfo.") {
			continue
		}
		if err := os.MkdirAll(filepath.Join(m.directory, "guestinfo"), 0o700); err != nil {
			return nil, err
		}
		name := filepath.Join("guestinfo", filepath.Base(option.Key))
		if err := os.WriteFile(filepath.Join(m.directory, name), []byte(fmt.Sprint(option.Value)), 0o600); err != nil {
			return nil, err
		}
		words = append(words, "-fw_cfg", "name=opt/"+option.Key+",file="+name)
	}
	return words, nil
}

// qemuArguments are those of a machine whose directory is QEMU's working directory.
func qemuArguments(m *machine, address string) []string {
	cpus := m.vm.Config.Hardware.NumCPU
	if cpus > 2 {
		cpus = 2
	}
	mac := ""
	for _, device := range m.vm.Config.Hardware.Device {
		if card, ok := device.(types.BaseVirtualEthernetCard); ok {
			mac = ",mac=" + card.GetVirtualEthernetCard().MacAddress
		}
	}
	return []string{
		"-name", m.vm.Self.Value, "-machine", "pc", "-cpu", "max,la57=off", "-accel", "tcg,thread=multi",
		"-m", fmt.Sprint(m.vm.Config.Hardware.MemoryMB), "-smp", fmt.Sprint(cpus),
		"-nodefaults", "-no-user-config", "-display", "none", "-boot", "strict=on",
		// What tells cloud-init that this is VMware's.
		"-smbios", "type=1,manufacturer=VMware,product=VMware7,,1",
		"-blockdev", `{"driver":"qcow2","node-name":"disk","discard":"unmap","cache":{"direct":false,"no-flush":true},` +
			`"file":{"driver":"file","filename":"` + m.disk + `","cache":{"direct":false,"no-flush":true}}}`,
		"-device", "virtio-blk-pci,drive=disk,bootindex=0",
		"-netdev", "user,id=net,hostfwd=tcp:" + address + ":22-:22",
		"-device", "virtio-net-pci,netdev=net,romfile=" + mac,
		"-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng",
		"-chardev", "file,id=console,append=on,path=console", "-serial", "chardev:console",
		"-chardev", "socket,id=qmp,server=on,wait=off,path=qmp", "-mon", "chardev=qmp,mode=control",
	}
}

// run starts QEMU and watches it. It ends with this program, however that ends.
func (g *qemuGuest) run(arguments []string) error {
	_ = os.Remove(filepath.Join(g.machine.directory, "qmp"))
	command := exec.Command("qemu-system-x86_64", arguments...)
	command.Dir = g.machine.directory
	command.Stderr = log.Writer()
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		// The signal comes when the thread ends that started the process.
		runtime.LockOSThread()
		err := command.Start()
		started <- err
		if err != nil {
			return
		}
		log.Printf("%s: QEMU ended: %v", g.machine.vm.Name, command.Wait())
		close(g.done)
		g.world.ended(g.machine, g.number)
	}()
	if err := <-started; err != nil {
		return err
	}
	g.process = command.Process
	directory, err := os.Open(g.machine.directory)
	if err != nil {
		return err
	}
	defer directory.Close()
	// A socket's path is short (unix(7)), a directory's may be long.
	socket := fmt.Sprintf("/proc/self/fd/%d/qmp", directory.Fd())
	g.monitor, err = openMonitor(socket, g.done, g.event)
	if err != nil {
		g.kill()
		return err
	}
	go g.awaitSSH()
	return nil
}

// event tells of what the guest does: when it restarts itself, VMware Tools are silent until they run again.
func (g *qemuGuest) event(name string) {
	if name != "RESET" {
		return
	}
	go func() {
		g.world.mutex.Lock()
		if g.machine.boots == g.number && isOn(g.machine) {
			forgetGuest(g.machine)
		}
		g.world.mutex.Unlock()
		g.awaitSSH()
	}()
}

// awaitSSH tells of the guest's address as soon as its SSH server answers.
func (g *qemuGuest) awaitSSH() {
	for {
		select {
		case <-g.done:
			return
		case <-time.After(250 * time.Millisecond):
		}
		if g.answers() {
			g.world.toolsRun(g.machine, g.number)
			g.world.hasAddress(g.machine, g.number, g.address)
			return
		}
	}
}

func (g *qemuGuest) answers() bool {
	connection, err := net.DialTimeout("tcp", g.address+":22", time.Second)
	if err != nil {
		return false
	}
	defer connection.Close()
	greeting := make([]byte, 4)
	// QEMU itself accepts at once: only the guest speaks.
	_ = connection.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, err = connection.Read(greeting)
	return err == nil && string(greeting) == "SSH-"
}

func (g *qemuGuest) command(name string, arguments map[string]interface{}) error {
	_, err := g.monitor.execute(name, arguments)
	if err != nil {
		log.Printf("%s: %s", g.machine.vm.Name, err)
	}
	return err
}

func (g *qemuGuest) shutdown() { _ = g.command("system_powerdown", nil) }
func (g *qemuGuest) reset()    { _ = g.command("system_reset", nil) }

func (g *qemuGuest) kill() {
	// QEMU writes what it holds of the image, and ends.
	_ = g.process.Signal(syscall.SIGTERM)
	select {
	case <-g.done:
	case <-time.After(10 * time.Second):
		_ = g.process.Kill()
		<-g.done
	}
}

func (g *qemuGuest) createSnapshot(name string) error {
	return g.command("blockdev-snapshot-internal-sync", map[string]interface{}{"device": "disk", "name": name})
}

func (g *qemuGuest) removeSnapshot(name string) error {
	return g.command("blockdev-snapshot-delete-internal-sync", map[string]interface{}{"device": "disk", "name": name})
}
