package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type ref = types.ManagedObjectReference

// world is the vCenter: the simulator, and before it what the simulator does otherwise than a real one.
type world struct {
	service *simulator.Service
	state   string
	options options
	// mutex is held while the inventory is read or changed: the simulator does not lock all of it.
	mutex      sync.Mutex
	machines   map[ref]*machine
	layers     int
	guests     guests
	collectors map[place]*collector
	alarm      *alarm
	rules      rules
	pages      pages
	methods    map[string]method

	recording       sync.Mutex
	requests        *os.File
	calls           map[string]int
	times           map[string]time.Duration
	escapedPassword string
}

// call is a request that the world answers itself.
type call struct {
	world   *world
	name    string
	context *simulator.Context
	body    interface{}
	this    ref
	out     http.ResponseWriter
	request *http.Request
}

// method answers a call. What it returns as a fault is sent as one.
type method func(*call) types.BaseMethodFault

func newWorld(service *simulator.Service, state string, o options) *world {
	w := &world{
		service: service, state: state, options: o,
		machines: make(map[ref]*machine), calls: make(map[string]int),
		collectors: make(map[place]*collector), alarm: newAlarm(),
		times: make(map[string]time.Duration),
	}
	secret, _ := service.Listen.User.Password()
	w.escapedPassword = escape(secret)
	if o.requests != "" {
		file, err := openRequests(o.requests)
		if err != nil {
			log.Fatal(err)
		}
		w.requests = file
	}
	for _, text := range o.faults {
		w.rules.parse(text)
	}
	w.guests = newGuests(w, o)
	w.methods = w.machineMethods()
	for name, handler := range w.collectorMethods() {
		w.methods[name] = handler
		handlersWithoutObject[name] = struct{}{}
	}
	simulator.Map.AddHandler(w.alarm)
	return w
}

// ServeHTTP answers one SOAP request.
func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	request, err := simulator.UnmarshalBody(types.TypeFunc(), body)
	if err != nil {
		sendFault(out, err.Error(), &types.InvalidRequest{})
		return
	}
	session := w.session(r)
	w.recordRequest(request.Name, r, body, session != nil)
	log.Printf("%s %s", request.Name, request.This)
	// Clients of a real vCenter must name the version they speak in this field.
	if !strings.HasPrefix(strings.Trim(r.Header.Get("SOAPAction"), `"`), "urn:vim25") {
		sendFault(out, "Unsupported SOAPAction", &types.InvalidRequest{})
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	defer func() {
		if problem := recover(); problem != nil && problem != http.ErrAbortHandler {
			log.Printf("panic in %s: %v\n%s", request.Name, problem, debug.Stack())
			sendFault(out, fmt.Sprintf("the simulator failed in %s: %v", request.Name, problem), &types.SystemError{})
		} else if problem != nil {
			panic(problem)
		}
	}()
	if rule := w.rules.match(request.Name, w.nameOf(request.This)); rule != nil && !rule.Task {
		w.apply(rule, out, r, request, session)
		return
	} else if rule != nil {
		r = r.WithContext(context.WithValue(r.Context(), ruleKey{}, rule))
	}
	w.answer(out, r, request, session)
}

// took counts the time that the server itself used.
func (w *world) took(what string, since time.Time) {
	w.recording.Lock()
	defer w.recording.Unlock()
	w.times[what] += time.Since(since)
}

// answer answers a request that nothing was to happen to.
func (w *world) answer(out http.ResponseWriter, r *http.Request, request *simulator.Method, session *types.UserSession) {
	switch request.Name {
	case "WaitForUpdatesEx", "WaitForUpdates", "CheckForUpdates":
		w.waitForUpdates(out, r, request)
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	defer w.took("requests", time.Now())
	if request.Name == "Logout" && session != nil {
		defer w.forgetSession(session.Key)
	}
	handler, ours := w.methods[request.Name]
	if !ours || session == nil {
		if request.Name == "RetrievePropertiesEx" && w.options.pageSize > 0 && session != nil {
			w.forwardPage(out, r)
			return
		}
		w.forward(out, r)
		return
	}
	c := &call{
		world: w, name: request.Name, body: request.Body, this: request.This, out: out, request: r,
		context: w.context(request.This, *session),
	}
	fault := w.rules.permission(w, request)
	if rule, ok := r.Context().Value(ruleKey{}).(*rule); ok && fault == nil && strings.HasSuffix(c.name, "_Task") {
		c.task(func() (types.AnyType, types.BaseMethodFault) { return nil, rule.fault() })
		return
	}
	if fault == nil && simulator.Map.Get(c.this) == nil {
		if _, elsewhere := handlersWithoutObject[c.name]; !elsewhere {
			fault = &types.ManagedObjectNotFound{Obj: c.this}
		}
	}
	if fault == nil {
		fault = handler(c)
	}
	if fault != nil {
		sendFault(out, message(fault), fault)
	}
}

// handlersWithoutObject have a receiver that is no object of the registry.
var handlersWithoutObject = map[string]struct{}{"ContinueRetrievePropertiesEx": {}, "CancelRetrievePropertiesEx": {}}

// context is what methods of the simulator are given.
func (w *world) context(caller ref, session types.UserSession) *simulator.Context {
	return &simulator.Context{
		Context: context.Background(), Map: simulator.Map, Caller: &caller,
		Session: &simulator.Session{UserSession: session, Registry: simulator.NewRegistry()},
	}
}

// systemContext is the context of what the machines do by themselves.
func (w *world) systemContext(caller ref) *simulator.Context {
	return w.context(caller, types.UserSession{Key: "system", UserName: "system"})
}

// task answers with a task at once and works afterwards, as vCenter does: a client that does not wait is found out.
func (c *call) task(work func() (types.AnyType, types.BaseMethodFault)) types.BaseMethodFault {
	w := c.world
	var object mo.Reference = c.this
	if snapshot, ok := simulator.Map.Get(c.this).(*simulator.VirtualMachineSnapshot); ok {
		object = snapshot.Vm
	}
	name := strings.TrimSuffix(c.name, "_Task")
	task := simulator.CreateTask(object, strings.ToLower(name[:1])+name[1:], nil)
	go func() {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		var result types.AnyType
		var fault types.BaseMethodFault = &types.SystemError{}
		// Whatever happens, whoever waits for the task hears of it.
		defer func() {
			if problem := recover(); problem != nil {
				log.Printf("panic in %s: %v\n%s", c.name, problem, debug.Stack())
			}
			finish(task, result, fault)
		}()
		now := time.Now()
		defer w.took("tasks", now)
		simulator.Map.Update(task, []types.PropertyChange{
			{Name: "info.startTime", Val: now}, {Name: "info.state", Val: types.TaskInfoStateRunning},
		})
		result, fault = work()
	}()
	sendTask(c.out, c.name, task.Self)
	return nil
}

func finish(task *simulator.Task, result types.AnyType, fault types.BaseMethodFault) {
	changes := []types.PropertyChange{
		{Name: "info.completeTime", Val: time.Now()}, {Name: "info.state", Val: types.TaskInfoStateSuccess},
		{Name: "info.result", Val: result},
	}
	if fault != nil {
		log.Printf("%s of %s: %T", task.Info.Name, task.Info.Entity, fault)
		changes[1].Val = types.TaskInfoStateError
		changes[2] = types.PropertyChange{
			Name: "info.error", Val: types.LocalizedMethodFault{Fault: fault, LocalizedMessage: message(fault)},
		}
	}
	simulator.Map.WithLock(task, func() { simulator.Map.Update(task, changes) })
}

// outcome is how a task that the simulator ran within itself ended.
func outcome(task ref, hasFault soap.HasFault) (types.AnyType, types.BaseMethodFault) {
	if fault := hasFault.Fault(); fault != nil {
		return nil, fault.VimFault().(types.BaseMethodFault)
	}
	ended := simulator.Map.Get(task).(*simulator.Task)
	if ended.Info.Error != nil {
		return nil, ended.Info.Error.Fault
	}
	return ended.Info.Result, nil
}

// nameOf is the name of an object of the inventory; empty when it has none.
func (w *world) nameOf(object ref) string {
	if entity, ok := simulator.Map.Get(object).(mo.Entity); ok {
		return entity.Entity().Name
	}
	return ""
}
