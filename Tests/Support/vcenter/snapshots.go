package main

import (
	"log"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

func createSnapshot(c *call) types.BaseMethodFault {
	m := c.vm()
	request := c.body.(*types.CreateSnapshot_Task)
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) {
		if m.vm.Config.Template {
			return nil, &types.NotSupported{}
		}
		devices, err := copyDevices(m.vm.Config.Hardware.Device)
		if err != nil {
			return nil, &types.SystemError{}
		}
		var body soap.HasFault
		var task ref
		c.within(m.vm, func() {
			body = m.vm.CreateSnapshotTask(request)
			task = taskOf(body)
		})
		result, fault := outcome(task, body)
		if fault != nil {
			return nil, fault
		}
		if snapshot, ok := simulator.Map.Get(result.(ref)).(*simulator.VirtualMachineSnapshot); ok {
			// The simulator's copy shares the machine's devices.
			snapshot.Config.Hardware.Device = devices
		}
		if err := m.createDiskSnapshot(result.(ref).Value); err != nil {
			log.Printf("snapshot of %s: %s", m.vm.Name, err)
			return nil, &types.GenericVmConfigFault{Reason: err.Error()}
		}
		return result, nil
	})
}

func revertToSnapshot(c *call) types.BaseMethodFault {
	m := c.vm()
	snapshot, ok := simulator.Map.Get(c.this).(*simulator.VirtualMachineSnapshot)
	if m == nil || !ok {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) { return nil, c.revert(m, snapshot) })
}

func revertToCurrentSnapshot(c *call) types.BaseMethodFault {
	m := c.vm()
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) {
		if m.vm.Snapshot == nil || m.vm.Snapshot.CurrentSnapshot == nil {
			return nil, &types.NotFound{}
		}
		snapshot, ok := simulator.Map.Get(*m.vm.Snapshot.CurrentSnapshot).(*simulator.VirtualMachineSnapshot)
		if !ok {
			return nil, &types.NotFound{}
		}
		return nil, c.revert(m, snapshot)
	})
}

// revert takes disk and configuration back. A snapshot without memory leaves the machine off.
func (c *call) revert(m *machine, snapshot *simulator.VirtualMachineSnapshot) types.BaseMethodFault {
	if isOn(m) {
		if fault := c.powerOff(m); fault != nil {
			return fault
		}
	}
	devices, err := copyDevices(snapshot.Config.Hardware.Device)
	if err == nil {
		err = m.revertDisk(snapshot.Self.Value)
	}
	if err != nil {
		log.Printf("revert of %s: %s", m.vm.Name, err)
		return &types.GenericVmConfigFault{Reason: err.Error()}
	}
	hardware := snapshot.Config.Hardware
	hardware.Device = devices
	c.within(m.vm, func() {
		update(m.vm, change("snapshot.currentSnapshot", snapshot.Self), change("config.hardware", hardware),
			change("config.extraConfig", snapshot.Config.ExtraConfig), change("config.annotation", snapshot.Config.Annotation))
	})
	return nil
}

func removeSnapshot(c *call) types.BaseMethodFault {
	m := c.vm()
	snapshot, ok := simulator.Map.Get(c.this).(*simulator.VirtualMachineSnapshot)
	if m == nil || !ok {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	request := c.body.(*types.RemoveSnapshot_Task)
	return c.task(func() (types.AnyType, types.BaseMethodFault) {
		if err := m.removeDiskSnapshot(snapshot.Self.Value); err != nil {
			log.Printf("removal of a snapshot of %s: %s", m.vm.Name, err)
			return nil, &types.GenericVmConfigFault{Reason: err.Error()}
		}
		var body soap.HasFault
		var task ref
		c.within(snapshot, func() {
			body = snapshot.RemoveSnapshotTask(c.context, request)
			task = taskOf(body)
		})
		return outcome(task, body)
	})
}

func removeAllSnapshots(c *call) types.BaseMethodFault {
	m := c.vm()
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	request := c.body.(*types.RemoveAllSnapshots_Task)
	return c.task(func() (types.AnyType, types.BaseMethodFault) {
		for _, name := range m.snapshots() {
			if err := m.removeDiskSnapshot(name); err != nil {
				log.Printf("removal of a snapshot of %s: %s", m.vm.Name, err)
				return nil, &types.GenericVmConfigFault{Reason: err.Error()}
			}
		}
		var body soap.HasFault
		var task ref
		c.within(m.vm, func() {
			body = m.vm.RemoveAllSnapshotsTask(c.context, request)
			task = taskOf(body)
		})
		return outcome(task, body)
	})
}

// snapshots are the names of a machine's snapshots, which are those of its disk too.
func (m *machine) snapshots() []string {
	var names []string
	if m.vm.Snapshot == nil {
		return nil
	}
	rest := m.vm.Snapshot.RootSnapshotList
	for len(rest) > 0 {
		names = append(names, rest[0].Snapshot.Value)
		rest = append(append([]types.VirtualMachineSnapshotTree{}, rest[1:]...), rest[0].ChildSnapshotList...)
	}
	return names
}
