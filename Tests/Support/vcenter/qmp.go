package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// monitor speaks QMP with a QEMU (docs/interop/qmp-spec.rst): one command at a time, events to a function.
type monitor struct {
	mutex      sync.Mutex
	connection net.Conn
	answers    chan reply
}

type reply struct {
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Description string `json:"desc"`
	} `json:"error"`
	Event string `json:"event"`
}

var errNoMonitor = errors.New("QEMU has ended")

// openMonitor connects as soon as QEMU listens, until stop is closed.
func openMonitor(path string, stop <-chan struct{}, event func(string)) (*monitor, error) {
	for {
		connection, err := net.Dial("unix", path)
		if err == nil {
			m := &monitor{connection: connection, answers: make(chan reply, 1)}
			go m.read(event)
			_, err = m.execute("qmp_capabilities", nil)
			return m, err
		}
		select {
		case <-stop:
			return nil, errNoMonitor
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (m *monitor) read(event func(string)) {
	defer close(m.answers)
	decoder := json.NewDecoder(m.connection)
	for {
		var next reply
		if decoder.Decode(&next) != nil {
			return
		}
		switch {
		case next.Event != "":
			event(next.Event)
		case next.Return != nil || next.Error != nil:
			m.answers <- next
		}
	}
}

func (m *monitor) execute(command string, arguments map[string]interface{}) (json.RawMessage, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	question := map[string]interface{}{"execute": command}
	if arguments != nil {
		question["arguments"] = arguments
	}
	if err := json.NewEncoder(m.connection).Encode(question); err != nil {
		return nil, err
	}
	answer, open := <-m.answers
	if !open {
		return nil, errNoMonitor
	}
	if answer.Error != nil {
		return nil, fmt.Errorf("%s: %s", command, answer.Error.Description)
	}
	return answer.Return, nil
}
