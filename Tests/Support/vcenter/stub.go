package main

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// newGuests makes what the option asks for.
func newGuests(w *world, o options) guests {
	if o.guests == "qemu" {
		return &qemuGuests{world: w}
	}
	return &stubGuests{world: w, boot: time.Duration(o.bootMilliseconds) * time.Millisecond}
}

// stubGuests answer for machines in which nothing runs.
type stubGuests struct {
	world *world
	boot  time.Duration
	count int32
}

type stubGuest struct {
	guests  *stubGuests
	machine *machine
	number  int
	address string
}

func (g *stubGuests) start(m *machine) (guest, error) {
	count := atomic.AddInt32(&g.count, 1)
	// Machines of other servers have other numbers in the middle.
	address := fmt.Sprintf("127.%d.%d.%d", 64+os.Getpid()%160, 1+(count/200)%250, 1+count%200)
	started := &stubGuest{guests: g, machine: m, number: m.boots, address: address}
	started.begin()
	return started, nil
}

func (s *stubGuest) begin() {
	time.AfterFunc(s.guests.boot/2, func() { s.guests.world.toolsRun(s.machine, s.number) })
	time.AfterFunc(s.guests.boot, func() { s.guests.world.hasAddress(s.machine, s.number, s.address) })
}

func (s *stubGuest) shutdown() {
	time.AfterFunc(s.guests.boot/2, func() { s.guests.world.ended(s.machine, s.number) })
}

func (s *stubGuest) reset() {
	forgetGuest(s.machine)
	s.begin()
}

func (s *stubGuest) kill() {}

func (s *stubGuest) createSnapshot(string) error { return errors.New("a stub guest has no disk") }
func (s *stubGuest) removeSnapshot(string) error { return errors.New("a stub guest has no disk") }
