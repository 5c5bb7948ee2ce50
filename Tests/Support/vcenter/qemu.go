package main

import "errors"

type qemuGuests struct{ world *world }

func (g *qemuGuests) start(m *machine) (guest, error) { return nil, errors.New("not yet") }
