package main

import (
	"encoding/json"
	"log"
	"net/http"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// control is the door of the tests: POST with JSON, answers with JSON.
func (w *world) control() http.Handler {
	mux := http.NewServeMux()
	handle := func(path string, f func(*json.Decoder) (interface{}, error)) {
		mux.HandleFunc(path, func(out http.ResponseWriter, r *http.Request) {
			answer, err := f(json.NewDecoder(r.Body))
			if err != nil {
				http.Error(out, err.Error(), http.StatusBadRequest)
				return
			}
			out.Header().Set("Content-Type", "application/json")
			if err := json.NewEncoder(out).Encode(answer); err != nil {
				log.Printf("control %s: %s", path, err)
			}
		})
	}
	handle("/sessions", func(*json.Decoder) (interface{}, error) {
		names := []string{}
		for _, session := range w.sessions() {
			names = append(names, session.Key)
		}
		return names, nil
	})
	handle("/times", func(*json.Decoder) (interface{}, error) {
		w.recording.Lock()
		defer w.recording.Unlock()
		milliseconds := map[string]int64{}
		for name, time := range w.times {
			milliseconds[name] = time.Milliseconds()
		}
		return milliseconds, nil
	})
	handle("/collectors", func(*json.Decoder) (interface{}, error) {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		live := map[string]int{}
		for at, found := range w.collectors {
			live[at.session] += len(found.filters)
		}
		return live, nil
	})
	handle("/expire", func(*json.Decoder) (interface{}, error) {
		for _, session := range w.sessions() {
			w.endSession(session.Key)
		}
		w.alarm.ring()
		return true, nil
	})
	handle("/calls", func(*json.Decoder) (interface{}, error) {
		w.recording.Lock()
		defer w.recording.Unlock()
		calls := map[string]int{}
		for name, count := range w.calls {
			calls[name] = count
		}
		return calls, nil
	})
	handle("/fault", func(in *json.Decoder) (interface{}, error) {
		next := new(rule)
		err := in.Decode(next)
		w.rules.add(next)
		return true, err
	})
	handle("/deny", func(in *json.Decoder) (interface{}, error) {
		var next denial
		err := in.Decode(&next)
		w.rules.deny(next)
		return true, err
	})
	handle("/machines", func(*json.Decoder) (interface{}, error) {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		return w.describe(), nil
	})
	handle("/set", func(in *json.Decoder) (interface{}, error) {
		var wanted setting
		if err := in.Decode(&wanted); err != nil {
			return nil, err
		}
		w.mutex.Lock()
		defer w.mutex.Unlock()
		return true, w.set(wanted)
	})
	return mux
}

// setting changes something of an object, found by type and name, that no client could change.
type setting struct {
	Type string `json:"type"`
	Name string `json:"name"`
	// Maintenance puts a host into maintenance or out of it.
	Maintenance *bool `json:"maintenance"`
	// FreeSpace is of a datastore, in bytes.
	FreeSpace *int64 `json:"freeSpace"`
	// Question is put by a machine that is on, or at its next power-on, and at those of its clones. Choices are the answers,
	// and Default is the index of what the hypervisor proposes, from 1 on; 0 is nothing.
	Question string   `json:"question"`
	Choices  []string `json:"choices"`
	Default  int32    `json:"default"`
	// Annotation is what somebody writes into the notes of a machine.
	Annotation string `json:"annotation"`
	// Mute takes VMware Tools from a machine's guest: with "tools" they do not run, with "address" it has no address.
	Mute string `json:"mute"`
}

type absent string

func (a absent) Error() string { return "no " + string(a) }

func (w *world) set(wanted setting) error {
	for _, entity := range simulator.Map.All(wanted.Type) {
		if entity.Entity().Name != wanted.Name {
			continue
		}
		switch x := entity.(type) {
		case *simulator.HostSystem:
			if wanted.Maintenance != nil {
				simulator.Map.Update(x, []types.PropertyChange{
					{Name: "runtime.inMaintenanceMode", Val: *wanted.Maintenance},
					{Name: "summary.runtime.inMaintenanceMode", Val: *wanted.Maintenance},
				})
				x.Runtime.InMaintenanceMode = *wanted.Maintenance
			}
		case *simulator.Datastore:
			if wanted.FreeSpace != nil {
				x.Summary.FreeSpace = *wanted.FreeSpace
				x.Info.GetDatastoreInfo().FreeSpace = *wanted.FreeSpace
			}
		case *simulator.VirtualMachine:
			if wanted.Mute != "" {
				w.machine(x).mute = wanted.Mute
			}
			if wanted.Annotation != "" {
				simulator.Map.Update(x, []types.PropertyChange{{Name: "config.annotation", Val: wanted.Annotation}})
			}
			if wanted.Question != "" {
				w.ask(x, wanted)
			}
		}
		return nil
	}
	return absent(wanted.Type + " " + wanted.Name)
}
