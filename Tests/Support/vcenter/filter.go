package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// filter remembers what its client knows of each object.
type filter struct {
	self  ref
	spec  types.PropertyFilterSpec
	known map[ref]map[string]string
}

// retrieve asks the simulator for what a filter shows, in the session of a request.
func (w *world) retrieve(r *http.Request, spec types.PropertyFilterSpec) ([]types.ObjectContent, types.BaseMethodFault) {
	var text bytes.Buffer
	encoder := xml.NewEncoder(&text)
	err := encoder.EncodeElement(types.RetrievePropertiesEx{
		This: ref{Type: "PropertyCollector", Value: "propertyCollector"}, SpecSet: []types.PropertyFilterSpec{spec},
	}, xml.StartElement{Name: xml.Name{Space: "urn:vim25", Local: "RetrievePropertiesEx"}})
	if err != nil {
		log.Printf("filter: %s", err)
		return nil, &types.InvalidArgument{InvalidProperty: "spec"}
	}
	inner := r.Clone(r.Context())
	inner.Body = io.NopCloser(bytes.NewReader(envelope(text.String())))
	recorder := httptest.NewRecorder()
	w.service.ServeSDK(recorder, inner)
	var body struct {
		Res   *types.RetrievePropertiesExResponse `xml:"urn:vim25 RetrievePropertiesExResponse"`
		Fault *soap.Fault                         `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault"`
	}
	decoder := xml.NewDecoder(recorder.Body)
	decoder.TypeFunc = types.TypeFunc()
	if err := decoder.Decode(&soap.Envelope{Body: &body}); err != nil {
		log.Printf("filter: %s", err)
		return nil, &types.SystemError{}
	}
	switch {
	case body.Fault != nil:
		return nil, faultOf(body.Fault.VimFault())
	case body.Res == nil || body.Res.Returnval == nil:
		return nil, nil
	}
	return body.Res.Returnval.Objects, nil
}

// faultOf makes a fault of what was decoded as one: a value, where faults are pointers.
func faultOf(value types.AnyType) types.BaseMethodFault {
	if value == nil {
		return &types.SystemError{}
	}
	pointer := reflect.New(reflect.TypeOf(value))
	pointer.Elem().Set(reflect.ValueOf(value))
	fault, ok := pointer.Interface().(types.BaseMethodFault)
	if !ok {
		return &types.SystemError{}
	}
	return fault
}

// updates are what a filter's client does not know yet, at most so many objects; they are known afterwards.
func (f *filter) updates(objects []types.ObjectContent, most int) (types.PropertyFilterUpdate, bool) {
	update := types.PropertyFilterUpdate{Filter: f.self}
	present := map[ref]bool{}
	truncated := false
	for _, object := range objects {
		present[object.Obj] = true
		one := types.ObjectUpdate{Obj: object.Obj, Kind: types.ObjectUpdateKindModify, MissingSet: object.MissingSet}
		known, ok := f.known[object.Obj]
		if !ok {
			one.Kind = types.ObjectUpdateKindEnter
		}
		now := map[string]string{}
		for _, property := range object.PropSet {
			text := rendered(property.Val)
			now[property.Name] = text
			if old, there := known[property.Name]; !there || old != text {
				one.ChangeSet = append(one.ChangeSet, types.PropertyChange{
					Name: property.Name, Op: types.PropertyChangeOpAssign, Val: property.Val,
				})
			}
		}
		for name := range known {
			if _, there := now[name]; !there {
				one.ChangeSet = append(one.ChangeSet, types.PropertyChange{Name: name, Op: types.PropertyChangeOpAssign})
			}
		}
		if ok && len(one.ChangeSet) == 0 {
			continue
		}
		if most > 0 && len(update.ObjectSet) == most {
			truncated = true
			continue
		}
		f.known[object.Obj] = now
		update.ObjectSet = append(update.ObjectSet, one)
	}
	for object := range f.known {
		if !present[object] {
			update.ObjectSet = append(update.ObjectSet, types.ObjectUpdate{Obj: object, Kind: types.ObjectUpdateKindLeave})
			delete(f.known, object)
		}
	}
	return update, truncated
}

func rendered(value types.AnyType) string {
	var text bytes.Buffer
	encoder := xml.NewEncoder(&text)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	_ = encoder.Flush()
	return text.String()
}
