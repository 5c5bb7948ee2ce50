package main

import (
	"fmt"
	"log"
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// taskOf is the task that a method of the simulator answered with.
func taskOf(answer soap.HasFault) ref {
	if answer.Fault() != nil {
		return ref{}
	}
	return reflect.ValueOf(answer).Elem().FieldByName("Res").Elem().FieldByName("Returnval").Interface().(ref)
}

func cloneVM(c *call) types.BaseMethodFault {
	source := c.vm()
	request := c.body.(*types.CloneVM_Task)
	if source == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) {
		if fault := cloneObstacle(source, request); fault != nil {
			return nil, fault
		}
		clone, fault := c.clone(source, request)
		if fault != nil {
			return nil, fault
		}
		if err := c.world.cloneDisk(source, clone, request.Spec.Snapshot); err != nil {
			log.Printf("clone: %s", err)
			return nil, &types.FileFault{File: clone.disk}
		}
		if request.Spec.Config != nil {
			if fault := c.reconfigure(clone, *request.Spec.Config); fault != nil {
				return nil, fault
			}
		}
		if request.Spec.PowerOn && !request.Spec.Template {
			if fault := c.powerOn(clone); fault != nil {
				return nil, fault
			}
		}
		return clone.vm.Self, nil
	})
}

// cloneObstacle is why a vCenter would not clone, where the simulator does.
func cloneObstacle(source *machine, request *types.CloneVM_Task) types.BaseMethodFault {
	location := request.Spec.Location
	if other, exists := taken(request.Folder, request.Name); exists {
		return &types.DuplicateName{Name: request.Name, Object: other}
	}
	if location.Pool == nil && source.vm.Config.Template && !request.Spec.Template {
		return &types.InvalidArgument{InvalidProperty: "spec.location.pool"}
	}
	if location.DiskMoveType == string(types.VirtualMachineRelocateDiskMoveOptionsCreateNewChildDiskBacking) {
		if request.Spec.Snapshot == nil {
			return &types.InvalidArgument{InvalidProperty: "spec.snapshot"}
		}
	}
	if location.Host != nil {
		host, ok := simulator.Map.Get(*location.Host).(*simulator.HostSystem)
		if !ok {
			return &types.ManagedObjectNotFound{Obj: *location.Host}
		}
		if host.Runtime.InMaintenanceMode {
			return &types.InvalidHostState{Host: &host.Self}
		}
	}
	if datastore := location.Datastore; datastore != nil {
		store, ok := simulator.Map.Get(*datastore).(*simulator.Datastore)
		if !ok {
			return &types.ManagedObjectNotFound{Obj: *datastore}
		}
		disk, _ := diskBacking(source.vm)
		if disk != nil && store.Summary.FreeSpace < 1<<20 {
			return &types.NoDiskSpace{Datastore: store.Name}
		}
	}
	return nil
}

// clone lets the simulator clone, on copies of the source's devices, and puts right what it does not do.
func (c *call) clone(source *machine, request *types.CloneVM_Task) (*machine, types.BaseMethodFault) {
	spec := request.Spec
	spec.Config = nil
	own := source.vm.Config.Hardware.Device
	copied, err := copyDevices(own)
	if err != nil {
		log.Printf("clone: %s", err)
		return nil, &types.SystemError{}
	}
	for _, device := range copied {
		if card, ok := device.(types.BaseVirtualEthernetCard); ok {
			card.GetVirtualEthernetCard().MacAddress = ""
		}
	}
	_, parent := diskBacking(source.vm)
	var body soap.HasFault
	var task ref
	c.within(source.vm, func() {
		source.vm.Config.Hardware.Device = copied
		answer := source.vm.CloneVMTask(c.context, &types.CloneVM_Task{
			This: source.vm.Self, Folder: request.Folder, Name: request.Name, Spec: spec,
		}).(*methods.CloneVM_TaskBody)
		source.vm.Config.Hardware.Device = own
		body, task = answer, answer.Res.Returnval
	})
	result, fault := outcome(task, body)
	if fault != nil {
		return nil, fault
	}
	vm, ok := simulator.Map.Get(result.(ref)).(*simulator.VirtualMachine)
	if !ok {
		return nil, &types.SystemError{}
	}
	clone := c.world.machine(vm)
	clone.mute, clone.question = source.mute, source.question
	c.within(vm, func() {
		if spec.Location.Host != nil {
			update(vm, change("runtime.host", spec.Location.Host), change("summary.runtime.host", spec.Location.Host))
		}
		if _, backing := diskBacking(vm); backing != nil && spec.Snapshot != nil && parent != nil {
			above := *parent
			backing.Parent = &above
		}
	})
	return clone, nil
}

func reconfigVM(c *call) types.BaseMethodFault {
	m := c.vm()
	request := c.body.(*types.ReconfigVM_Task)
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) { return nil, c.reconfigure(m, request.Spec) })
}

// reconfigure lets the simulator reconfigure, with keys of extraConfig replaced and removed as vCenter does.
func (c *call) reconfigure(m *machine, spec types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if spec.MemoryMB%4 != 0 {
		return &types.InvalidArgument{InvalidProperty: "configSpec.memoryMB"}
	}
	if fault := completeDevices(m.vm, spec.DeviceChange); fault != nil {
		return fault
	}
	extra := merged(m.vm.Config.ExtraConfig, spec.ExtraConfig)
	spec.ExtraConfig = nil
	var body soap.HasFault
	var task ref
	c.within(m.vm, func() {
		answer := m.vm.ReconfigVMTask(c.context, &types.ReconfigVM_Task{This: m.vm.Self, Spec: spec})
		body, task = answer, taskOf(answer)
	})
	if _, fault := outcome(task, body); fault != nil {
		return fault
	}
	c.within(m.vm, func() {
		update(m.vm, change("config.extraConfig", extra),
			change("config.annotation", m.vm.Config.Annotation), change("config.hardware", m.vm.Config.Hardware))
	})
	return nil
}

// promoteDisks makes the disks of a linked clone its own, which here is a matter of its entry only: layers stay anyway.
func promoteDisks(c *call) types.BaseMethodFault {
	m := c.vm()
	request := c.body.(*types.PromoteDisks_Task)
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) {
		if isOn(m) && request.Unlink {
			return nil, invalidPowerState(m, types.VirtualMachinePowerStatePoweredOff)
		}
		devices, err := copyDevices(m.vm.Config.Hardware.Device)
		if err != nil {
			return nil, &types.SystemError{}
		}
		for _, device := range devices {
			if disk, ok := device.(*types.VirtualDisk); ok {
				if backing, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
					backing.Parent = nil
				}
			}
		}
		c.within(m.vm, func() { update(m.vm, change("config.hardware.device", devices)) })
		return nil, nil
	})
}

// merged applies changes to options: the last value of a key holds, an empty one removes it.
func merged(old, changes []types.BaseOptionValue) []types.BaseOptionValue {
	var result []types.BaseOptionValue
	last := map[string]*types.OptionValue{}
	for _, option := range changes {
		last[option.GetOptionValue().Key] = option.GetOptionValue()
	}
	for _, option := range old {
		if _, changed := last[option.GetOptionValue().Key]; !changed {
			result = append(result, option)
		}
	}
	for _, option := range changes {
		value := option.GetOptionValue()
		if last[value.Key] == value && fmt.Sprint(value.Value) != "" && value.Value != nil {
			result = append(result, option)
		}
	}
	return result
}
