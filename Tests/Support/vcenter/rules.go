package main

import (
	"log"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

type ruleKey struct{}

// rule is what happens to the next calls of a method. Faults besides the types of the API: "drop" closes the connection
// unanswered, "execute-drop" does so after the call was executed, "503" is what a saturated vCenter answers, "expire"
// ends the session before the call.
type rule struct {
	Method string `json:"method"`
	// Object is the name of the object that the call must be on; empty is any.
	Object string `json:"object"`
	Fault  string `json:"fault"`
	// Text and Reference fill the fault's fields of these types.
	Text      string `json:"text"`
	Reference ref    `json:"reference"`
	// Task lets the call answer with a task, which fails.
	Task bool `json:"task"`
	// Skip is how many calls pass first; Count how many are met, 0 is one.
	Skip  int `json:"skip"`
	Count int `json:"count"`
	// Milliseconds is how long the answer is held back.
	Milliseconds int `json:"milliseconds"`
}

// denial takes a privilege away: on the object of this name, or everywhere.
type denial struct {
	Privilege string `json:"privilege"`
	Object    string `json:"object"`
}

// rules are the faults that are to come and the privileges that are missing.
type rules struct {
	mutex   sync.Mutex
	pending []*rule
	denied  []denial
}

// parse reads METHOD=FAULT of the command line.
func (r *rules) parse(text string) {
	words := strings.SplitN(text, "=", 2)
	if len(words) != 2 {
		log.Fatalf("--fault %s: not METHOD=FAULT", text)
	}
	r.add(&rule{Method: words[0], Fault: words[1]})
}

func (r *rules) add(next *rule) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if next.Count == 0 {
		next.Count = 1
	}
	r.pending = append(r.pending, next)
}

func (r *rules) deny(d denial) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.denied = append(r.denied, d)
}

// match is the rule that a call falls under, counted; nil when there is none.
func (r *rules) match(method, object string) *rule {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, next := range r.pending {
		if next.Method != method || next.Count == 0 || (next.Object != "" && next.Object != object) {
			continue
		}
		if next.Skip > 0 {
			next.Skip--
			continue
		}
		next.Count--
		return next
	}
	return nil
}

// fault makes the value that is sent.
func (r *rule) fault() types.BaseMethodFault {
	kind, ok := types.TypeFunc()(r.Fault)
	if !ok {
		log.Printf("no fault %s", r.Fault)
		return &types.SystemError{}
	}
	value := reflect.New(kind)
	fill(value.Elem(), r)
	fault, ok := value.Interface().(types.BaseMethodFault)
	if !ok {
		log.Printf("%s is no fault", r.Fault)
		return &types.SystemError{}
	}
	return fault
}

// fill sets the fields of texts and references, those of embedded types too.
func fill(value reflect.Value, r *rule) {
	for i := 0; i < value.NumField(); i++ {
		switch field := value.Field(i); {
		case field.Type() == reflect.TypeOf(ref{}):
			field.Set(reflect.ValueOf(r.Reference))
		case field.Type() == reflect.TypeOf(&ref{}) && r.Reference.Type != "":
			field.Set(reflect.ValueOf(&r.Reference))
		case field.Kind() == reflect.String:
			field.SetString(r.Text)
		case field.Kind() == reflect.Struct && value.Type().Field(i).Anonymous:
			fill(field, r)
		}
	}
}

// apply does to a call what a rule says.
func (w *world) apply(
	r *rule, out http.ResponseWriter, request *http.Request, method *simulator.Method, session *types.UserSession,
) {
	log.Printf("rule %s for %s", r.Fault, r.Method)
	time.Sleep(time.Duration(r.Milliseconds) * time.Millisecond)
	switch r.Fault {
	case "":
		w.answer(out, request, method, session)
	case "drop":
		panic(http.ErrAbortHandler)
	case "execute-drop":
		w.answer(discard{}, request, method, session)
		panic(http.ErrAbortHandler)
	case "503":
		http.Error(out, "503 Service Unavailable (Failed to connect to endpoint)", http.StatusServiceUnavailable)
	case "expire":
		if session != nil {
			w.endSession(session.Key)
		}
		w.answer(out, request, method, nil)
	default:
		fault := r.fault()
		sendFault(out, message(fault), fault)
	}
}

// discard is where an answer goes that nobody gets.
type discard struct{}

func (discard) Header() http.Header             { return http.Header{} }
func (discard) Write(bytes []byte) (int, error) { return len(bytes), nil }
func (discard) WriteHeader(int)                 {}

// endSession does what vCenter does to a session that was idle for too long.
func (w *world) endSession(key string) {
	manager := simulator.Map.SessionManager()
	manager.TerminateSession(w.systemContext(manager.Self), &types.TerminateSession{This: manager.Self, SessionId: []string{key}})
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.forgetSession(key)
}

// needs names the privileges that the methods want, and on what (vSphere Web Services SDK, "Required Privileges").
var needs = map[string]string{
	"PowerOnVM_Task": "VirtualMachine.Interact.PowerOn", "PowerOffVM_Task": "VirtualMachine.Interact.PowerOff",
	"ResetVM_Task": "VirtualMachine.Interact.Reset", "ShutdownGuest": "VirtualMachine.Interact.PowerOff",
	"CreateSnapshot_Task": "VirtualMachine.State.CreateSnapshot", "MarkAsTemplate": "VirtualMachine.Provisioning.MarkAsTemplate",
	"RevertToSnapshot_Task": "VirtualMachine.State.RevertToSnapshot", "RemoveSnapshot_Task": "VirtualMachine.State.RemoveSnapshot",
	"MarkAsVirtualMachine": "VirtualMachine.Provisioning.MarkAsVM", "Rename_Task": "VirtualMachine.Config.Rename",
	"Destroy_Task": "VirtualMachine.Inventory.Delete", "ReconfigVM_Task": "VirtualMachine.Config.AdvancedConfig",
	"CloneVM_Task": "VirtualMachine.Provisioning.DeployTemplate", "AnswerVM": "VirtualMachine.Interact.AnswerQuestion",
	"CreateFolder": "Folder.Create", "AddCustomFieldDef": "Global.ManageCustomFields", "SetField": "Global.SetCustomField",
}

// missing tells whether a privilege is missing on an object.
func (r *rules) missing(w *world, privilege string, object ref) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, d := range r.denied {
		if d.Privilege == privilege && (d.Object == "" || d.Object == w.nameOf(object)) {
			return true
		}
	}
	return false
}

// permission is the fault of a call whose privilege is missing.
func (r *rules) permission(w *world, request *simulator.Method) types.BaseMethodFault {
	wanted := map[string]ref{}
	if privilege, ok := needs[request.Name]; ok {
		wanted[privilege] = request.This
	}
	if clone, ok := request.Body.(*types.CloneVM_Task); ok {
		wanted["VirtualMachine.Inventory.CreateFromExisting"] = clone.Folder
		if pool := clone.Spec.Location.Pool; pool != nil {
			wanted["Resource.AssignVMToPool"] = *pool
		}
		if datastore := clone.Spec.Location.Datastore; datastore != nil {
			wanted["Datastore.AllocateSpace"] = *datastore
		} else if source, ok := simulator.Map.Get(request.This).(*simulator.VirtualMachine); ok && len(source.Datastore) > 0 {
			wanted["Datastore.AllocateSpace"] = source.Datastore[0]
		}
	}
	for privilege, object := range wanted {
		if r.missing(w, privilege, object) {
			fault := &types.NoPermission{Object: object, PrivilegeId: privilege}
			return fault
		}
	}
	return nil
}
