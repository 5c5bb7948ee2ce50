package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// recordRequest appends a request to the file of requests, the password left out.
func (w *world) recordRequest(method string, r *http.Request, body []byte, session bool) {
	w.recording.Lock()
	defer w.recording.Unlock()
	w.calls[method]++
	if w.requests == nil {
		return
	}
	text := string(body)
	if method == "Login" {
		text = strings.ReplaceAll(text, w.escapedPassword, "PASSWORD")
	}
	line, err := json.Marshal(map[string]interface{}{
		"method": method, "body": text, "action": r.Header.Get("SOAPAction"), "session": session,
	})
	if err == nil {
		_, err = w.requests.Write(append(line, '\n'))
	}
	if err != nil {
		log.Printf("requests: %s", err)
	}
}

func openRequests(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
}

// envelope frames the content of a SOAP body.
func envelope(content string) []byte {
	return []byte(xml.Header + `<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"` +
		` xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>` + content +
		`</soapenv:Body></soapenv:Envelope>`)
}

func send(out http.ResponseWriter, status int, content string) {
	out.Header().Set("Content-Type", "text/xml; charset=utf-8")
	out.WriteHeader(status)
	_, _ = out.Write(envelope(content))
}

// sendFault answers as vCenter does: HTTP 500, and the fault as <detail><TypeFault xsi:type="Type">.
func sendFault(out http.ResponseWriter, message string, fault types.BaseMethodFault) {
	kind := reflect.TypeOf(fault).Elem().Name()
	var detail bytes.Buffer
	encoder := xml.NewEncoder(&detail)
	start := xml.StartElement{
		Name: xml.Name{Local: kind + "Fault"},
		Attr: []xml.Attr{
			{Name: xml.Name{Local: "xmlns"}, Value: "urn:vim25"}, {Name: xml.Name{Local: "xsi:type"}, Value: kind},
		},
	}
	if err := encoder.EncodeElement(fault, start); err != nil {
		log.Printf("fault %s: %s", kind, err)
	}
	_ = encoder.Flush()
	send(out, http.StatusInternalServerError, fmt.Sprintf(
		"<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>%s</faultstring><detail>%s</detail></soapenv:Fault>",
		escape(message), detail.String()))
}

// sendResult answers with a returnval of the type that the method's response has.
func sendResult(out http.ResponseWriter, method string, value interface{}) {
	var content bytes.Buffer
	encoder := xml.NewEncoder(&content)
	start := xml.StartElement{Name: xml.Name{Space: "urn:vim25", Local: method + "Response"}}
	if err := encoder.EncodeElement(value, start); err != nil {
		log.Printf("%s: %s", method, err)
	}
	_ = encoder.Flush()
	send(out, http.StatusOK, content.String())
}

func sendTask(out http.ResponseWriter, method string, task types.ManagedObjectReference) {
	send(out, http.StatusOK, fmt.Sprintf(
		`<%sResponse xmlns="urn:vim25"><returnval type="Task">%s</returnval></%sResponse>`, method, task.Value, method))
}

func sendNothing(out http.ResponseWriter, method string) {
	send(out, http.StatusOK, fmt.Sprintf(`<%sResponse xmlns="urn:vim25"></%sResponse>`, method, method))
}

func escape(text string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(text))
	return out.String()
}

// message is the sentence that vCenter gives with a fault, where the tests lean on it; else the fault's name.
func message(fault types.BaseMethodFault) string {
	switch x := fault.(type) {
	case *types.InvalidLogin:
		return "Cannot complete login due to an incorrect user name or password."
	case *types.NotAuthenticated:
		return "The session is not authenticated."
	case *types.NoPermission:
		return "Permission to perform this operation was denied."
	case *types.DuplicateName:
		return fmt.Sprintf("The name '%s' already exists.", x.Name)
	case *types.NoDiskSpace:
		return fmt.Sprintf("Insufficient disk space on datastore '%s'.", x.Datastore)
	case *types.InvalidHostState:
		return "The operation is not allowed in the current state of the host."
	case *types.InvalidPowerState:
		return "The attempted operation cannot be performed in the current state (" + string(x.ExistingState) + ")."
	case *types.ToolsUnavailable:
		return "Cannot complete operation because VMware Tools is not running in this virtual machine."
	case *types.ManagedObjectNotFound:
		return fmt.Sprintf("The object '%s' has already been deleted or has not been completely created", x.Obj)
	}
	return reflect.TypeOf(fault).Elem().Name()
}

// forward lets the simulator answer. The cookie's value goes out in quotes, as vCenter's does.
func (w *world) forward(out http.ResponseWriter, r *http.Request) {
	recorder := httptest.NewRecorder()
	w.service.ServeSDK(recorder, r)
	result := recorder.Result()
	for _, cookie := range result.Cookies() {
		if cookie.Name == soap.SessionCookieName {
			out.Header().Add("Set-Cookie", fmt.Sprintf(`%s="%s"; Path=/; HttpOnly; Secure; `, cookie.Name, cookie.Value))
		}
	}
	out.Header().Set("Content-Type", "text/xml; charset=utf-8")
	out.WriteHeader(result.StatusCode)
	_, _ = out.Write(recorder.Body.Bytes())
}

// sessions are the sessions that the server has now.
func (w *world) sessions() []types.UserSession {
	view := simulator.Session{Registry: simulator.NewRegistry()}
	manager, ok := view.Get(simulator.Map.SessionManager().Self).(*simulator.SessionManager)
	if !ok {
		return nil
	}
	return manager.SessionList
}

// session is the session of a request; nil without one.
func (w *world) session(r *http.Request) *types.UserSession {
	cookie, err := r.Cookie(soap.SessionCookieName)
	if err != nil {
		return nil
	}
	for _, session := range w.sessions() {
		if session.Key == cookie.Value {
			return &session
		}
	}
	return nil
}
