package main

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// collector is a PropertyCollector of one session. The simulator's own looks four times a second, has one version for
// everything and forgets what a lost answer held; this one answers at once, and as often as a client asks for a version.
type collector struct {
	filters []*filter
	version int
	// sent is what led to the version, for a client that did not get it.
	sent   *types.UpdateSet
	cancel chan struct{}
}

// place is where a collector is found: the first of each session has the same reference.
type place struct {
	session string
	self    ref
}

// alarm wakes who waits for changes of the inventory.
type alarm struct {
	mutex sync.Mutex
	rung  chan struct{}
}

func newAlarm() *alarm { return &alarm{rung: make(chan struct{})} }

func (a *alarm) next() <-chan struct{} {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.rung
}

func (a *alarm) ring() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	close(a.rung)
	a.rung = make(chan struct{})
}

// Reference and what follows make an alarm one of the registry's handlers.
func (a *alarm) Reference() ref                                    { return ref{Type: "Alarm", Value: "replay"} }
func (a *alarm) PutObject(mo.Reference)                            { a.ring() }
func (a *alarm) UpdateObject(mo.Reference, []types.PropertyChange) { a.ring() }
func (a *alarm) RemoveObject(ref)                                  { a.ring() }

func (w *world) collectorMethods() map[string]method {
	return map[string]method{
		"CreatePropertyCollector": createCollector, "DestroyPropertyCollector": destroyCollector,
		"CreateFilter": createFilter, "DestroyPropertyFilter": destroyFilter,
		"CancelWaitForUpdates": cancelWait,
	}
}

func (c *call) place(self ref) place { return place{session: c.context.Session.Key, self: self} }

// collector is the collector of a call; the first of a session is always there.
func (c *call) collector() *collector {
	at := c.place(c.this)
	found, ok := c.world.collectors[at]
	if !ok && c.this.Value == "propertyCollector" {
		found = &collector{cancel: make(chan struct{})}
		c.world.collectors[at] = found
	}
	return found
}

func (c *call) newReference(kind string) ref {
	return ref{Type: kind, Value: fmt.Sprintf("session[%s]%s", c.context.Session.Key, uuid.New())}
}

func createCollector(c *call) types.BaseMethodFault {
	self := c.newReference("PropertyCollector")
	c.world.collectors[c.place(self)] = &collector{cancel: make(chan struct{})}
	sendResult(c.out, c.name, types.CreatePropertyCollectorResponse{Returnval: self})
	return nil
}

func destroyCollector(c *call) types.BaseMethodFault {
	found := c.collector()
	if found == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	close(found.cancel)
	delete(c.world.collectors, c.place(c.this))
	sendNothing(c.out, c.name)
	return nil
}

func cancelWait(c *call) types.BaseMethodFault {
	found := c.collector()
	if found == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	close(found.cancel)
	found.cancel = make(chan struct{})
	sendNothing(c.out, c.name)
	return nil
}

func createFilter(c *call) types.BaseMethodFault {
	found := c.collector()
	if found == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	request := c.body.(*types.CreateFilter)
	if _, fault := c.world.retrieve(c.request, request.Spec); fault != nil {
		return fault
	}
	self := c.newReference("PropertyFilter")
	found.filters = append(found.filters, &filter{self: self, spec: request.Spec, known: map[ref]map[string]string{}})
	c.world.alarm.ring()
	sendResult(c.out, c.name, types.CreateFilterResponse{Returnval: self})
	return nil
}

func destroyFilter(c *call) types.BaseMethodFault {
	for at, found := range c.world.collectors {
		for index, each := range found.filters {
			if each.self == c.this && at.session == c.context.Session.Key {
				found.filters = append(found.filters[:index:index], found.filters[index+1:]...)
				sendNothing(c.out, c.name)
				return nil
			}
		}
	}
	return &types.ManagedObjectNotFound{Obj: c.this}
}

// forgetSession drops the collectors of a session that has ended.
func (w *world) forgetSession(key string) {
	for at := range w.collectors {
		if at.session == key {
			delete(w.collectors, at)
		}
	}
}

// collect is the next set of updates of a collector; nil when there are none.
func (w *world) collect(r *http.Request, c *collector) (*types.UpdateSet, types.BaseMethodFault) {
	set := &types.UpdateSet{}
	for _, each := range c.filters {
		spec := each.spec
		spec.ReportMissingObjectsInResults = types.NewBool(true)
		objects, fault := w.retrieve(r, spec)
		if fault != nil {
			return nil, fault
		}
		update, truncated := each.updates(objects, w.options.pageSize)
		if len(update.ObjectSet) > 0 {
			set.FilterSet = append(set.FilterSet, update)
		}
		if truncated {
			set.Truncated = types.NewBool(true)
		}
	}
	if len(set.FilterSet) == 0 {
		return nil, nil
	}
	c.version++
	set.Version = strconv.Itoa(c.version)
	c.sent = set
	return set, nil
}

// waitForUpdates answers WaitForUpdatesEx, WaitForUpdates and CheckForUpdates. It does not hold the mutex while it waits.
func (w *world) waitForUpdates(out http.ResponseWriter, r *http.Request, request *simulator.Method) {
	version, patience := waitOptions(request.Body)
	deadline := time.After(patience)
	for first := true; ; first = false {
		rung := w.alarm.next()
		set, cancel, fault := w.look(r, request.This, version, first)
		switch {
		case fault != nil:
			sendFault(out, message(fault), fault)
			return
		case set != nil:
			sendUpdates(out, request.Name, set)
			return
		}
		select {
		case <-rung:
		case <-deadline:
			sendUpdates(out, request.Name, nil)
			return
		case <-cancel:
			sendFault(out, "", &types.RequestCanceled{})
			return
		case <-r.Context().Done():
			return
		}
	}
}

// look looks once, in a session that still exists.
func (w *world) look(
	r *http.Request, self ref, version string, first bool,
) (*types.UpdateSet, <-chan struct{}, types.BaseMethodFault) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	session := w.session(r)
	if session == nil {
		return nil, nil, &types.NotAuthenticated{NoPermission: types.NoPermission{Object: self, PrivilegeId: "System.View"}}
	}
	c := &call{world: w, this: self, context: w.context(self, *session)}
	found := c.collector()
	if found == nil {
		return nil, nil, &types.ManagedObjectNotFound{Obj: self}
	}
	switch {
	case !first:
	case version == "":
		for _, each := range found.filters {
			each.known = map[ref]map[string]string{}
		}
	case version == strconv.Itoa(found.version-1) && found.sent != nil:
		return found.sent, nil, nil
	case version != strconv.Itoa(found.version):
		return nil, nil, &types.InvalidCollectorVersion{}
	}
	set, fault := w.collect(r, found)
	return set, found.cancel, fault
}

// waitOptions are the version that the client has, and how long it waits: for ever, if it does not say.
func waitOptions(body interface{}) (string, time.Duration) {
	const forever = 24 * time.Hour
	switch request := body.(type) {
	case *types.WaitForUpdatesEx:
		if request.Options != nil && request.Options.MaxWaitSeconds != nil {
			return request.Version, time.Duration(*request.Options.MaxWaitSeconds) * time.Second
		}
		return request.Version, forever
	case *types.WaitForUpdates:
		return request.Version, forever
	case *types.CheckForUpdates:
		return request.Version, 0
	}
	return "", 0
}

func sendUpdates(out http.ResponseWriter, method string, set *types.UpdateSet) {
	if set == nil {
		sendNothing(out, method)
		return
	}
	sendResult(out, method, types.WaitForUpdatesResponse{Returnval: *set})
}
