package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// machine is what the world knows of a virtual machine besides its entry in the inventory.
type machine struct {
	vm *simulator.VirtualMachine
	// directory holds the guest's files; it exists once something is in it.
	directory string
	// disk is the qcow2 file that the guest runs on; empty for stub guests without a template disk.
	disk string
	// layer is another name of the disk, once another machine's lies over it.
	layer string
	// guest runs while the machine is on.
	guest guest
	// boots counts the times it was powered on: news of an earlier guest are dropped.
	boots int
	// snapshotBoots is that count at the time of each snapshot of the disk.
	snapshotBoots map[string]int
	// mute is what VMware Tools do not do: "tools" run, or tell an "address".
	mute string
	// question is put at the next power-on; its answer goes to answered.
	question *types.VirtualMachineQuestionInfo
	answered chan string
	answers  []string
}

// guest is what runs in a machine that is on. All is called with the world's mutex held, and none of it waits for a guest.
type guest interface {
	// shutdown asks the guest to power off.
	shutdown()
	// reset restarts the guest as the reset button does.
	reset()
	// kill cuts the power; when it returns the disk is nobody's.
	kill()
	// snapshots work on the disk of the running guest.
	createSnapshot(name string) error
	removeSnapshot(name string) error
}

// guests starts them.
type guests interface {
	start(m *machine) (guest, error)
}

func (w *world) machineMethods() map[string]method {
	return map[string]method{
		"CloneVM_Task": cloneVM, "ReconfigVM_Task": reconfigVM, "PromoteDisks_Task": promoteDisks,
		"Rename_Task": rename, "Destroy_Task": destroy,
		"PowerOnVM_Task": powerOn, "PowerOffVM_Task": powerOff, "ResetVM_Task": reset,
		"ShutdownGuest": shutdownGuest, "AnswerVM": answerVM,
		"MarkAsTemplate": markAsTemplate, "MarkAsVirtualMachine": markAsVirtualMachine,
		"CreateSnapshot_Task": createSnapshot, "RevertToSnapshot_Task": revertToSnapshot,
		"RemoveSnapshot_Task": removeSnapshot, "RemoveAllSnapshots_Task": removeAllSnapshots,
		"RevertToCurrentSnapshot_Task": revertToCurrentSnapshot,
		"HasPrivilegeOnEntities":       hasPrivileges, "FetchUserPrivilegeOnEntities": fetchPrivileges,
		"ContinueRetrievePropertiesEx": continueRetrieve, "CancelRetrievePropertiesEx": cancelRetrieve,
	}
}

// machine is what belongs to a machine of the inventory.
func (w *world) machine(vm *simulator.VirtualMachine) *machine {
	m, ok := w.machines[vm.Self]
	if !ok {
		m = &machine{vm: vm, snapshotBoots: map[string]int{}, directory: filepath.Join(w.state, "machines", vm.Self.Value)}
		w.machines[vm.Self] = m
	}
	return m
}

// vm is the machine that a call is on; nil when it is on something else.
func (c *call) vm() *machine {
	switch object := simulator.Map.Get(c.this).(type) {
	case *simulator.VirtualMachine:
		return c.world.machine(object)
	case *simulator.VirtualMachineSnapshot:
		if vm, ok := simulator.Map.Get(object.Vm).(*simulator.VirtualMachine); ok {
			return c.world.machine(vm)
		}
	}
	return nil
}

// forward leaves a call to the simulator.
func (c *call) forward() types.BaseMethodFault {
	c.world.forward(c.out, c.request)
	return nil
}

// within runs a method of the simulator on an object as the simulator's service does.
func (c *call) within(object mo.Reference, body func()) {
	simulator.Map.WithLock(object, body)
}

func update(object mo.Reference, changes ...types.PropertyChange) {
	simulator.Map.Update(object, changes)
}

func change(name string, value types.AnyType) types.PropertyChange {
	return types.PropertyChange{Name: name, Val: value}
}

func isOn(m *machine) bool { return m.vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn }

func invalidPowerState(m *machine, wanted types.VirtualMachinePowerState) types.BaseMethodFault {
	return &types.InvalidPowerState{RequestedState: wanted, ExistingState: m.vm.Runtime.PowerState}
}

// taken tells whether a folder has something of this name.
func taken(folder ref, name string) (ref, bool) {
	parent, ok := simulator.Map.Get(folder).(*simulator.Folder)
	if !ok {
		return ref{}, false
	}
	found := simulator.Map.FindByName(name, parent.ChildEntity)
	if found == nil {
		return ref{}, false
	}
	return found.Reference(), true
}

func rename(c *call) types.BaseMethodFault {
	request := c.body.(*types.Rename_Task)
	m := c.vm()
	if m == nil {
		return c.forward()
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) {
		if other, exists := taken(*m.vm.Parent, request.NewName); exists && other != m.vm.Self {
			return nil, &types.DuplicateName{Name: request.NewName, Object: other}
		}
		c.within(m.vm, func() {
			update(m.vm, change("name", request.NewName), change("config.name", request.NewName),
				change("summary.config.name", request.NewName))
		})
		return nil, nil
	})
}

func destroy(c *call) types.BaseMethodFault {
	m := c.vm()
	if m == nil {
		return c.forward()
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) {
		if isOn(m) {
			return nil, invalidPowerState(m, types.VirtualMachinePowerStatePoweredOff)
		}
		var body soap.HasFault
		var task ref
		c.within(m.vm, func() {
			answer := m.vm.DestroyTask(c.context, &types.Destroy_Task{This: m.vm.Self})
			body, task = answer, taskOf(answer)
		})
		result, fault := outcome(task, body)
		if fault == nil {
			delete(c.world.machines, m.vm.Self)
			if err := os.RemoveAll(m.directory); err != nil {
				log.Printf("destroy: %s", err)
			}
		}
		return result, fault
	})
}

func markAsTemplate(c *call) types.BaseMethodFault {
	m := c.vm()
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	var fault types.BaseMethodFault
	c.within(m.vm, func() {
		if answer := m.vm.MarkAsTemplate(&types.MarkAsTemplate{This: m.vm.Self}).Fault(); answer != nil {
			fault = answer.VimFault().(types.BaseMethodFault)
			return
		}
		// The simulator changes these without telling who waits.
		update(m.vm, change("config.template", true), change("summary.config.template", true), change("resourcePool", nil))
	})
	if fault == nil {
		sendNothing(c.out, c.name)
	}
	return fault
}

func markAsVirtualMachine(c *call) types.BaseMethodFault {
	m := c.vm()
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	request := c.body.(*types.MarkAsVirtualMachine)
	var fault types.BaseMethodFault
	c.within(m.vm, func() {
		if answer := m.vm.MarkAsVirtualMachine(request).Fault(); answer != nil {
			fault = answer.VimFault().(types.BaseMethodFault)
			return
		}
		update(m.vm, change("config.template", false), change("summary.config.template", false),
			change("resourcePool", &request.Pool))
	})
	if fault == nil {
		sendNothing(c.out, c.name)
	}
	return fault
}

func hasPrivileges(c *call) types.BaseMethodFault {
	request := c.body.(*types.HasPrivilegeOnEntities)
	var answer []types.EntityPrivilege
	for _, entity := range request.Entity {
		one := types.EntityPrivilege{Entity: entity}
		for _, privilege := range request.PrivId {
			one.PrivAvailability = append(one.PrivAvailability, types.PrivilegeAvailability{
				PrivId: privilege, IsGranted: !c.world.rules.missing(c.world, privilege, entity),
			})
		}
		answer = append(answer, one)
	}
	sendResult(c.out, c.name, types.HasPrivilegeOnEntitiesResponse{Returnval: answer})
	return nil
}

func fetchPrivileges(c *call) types.BaseMethodFault {
	request := c.body.(*types.FetchUserPrivilegeOnEntities)
	known, _ := simulator.Map.Get(c.this).(*simulator.AuthorizationManager)
	var answer []types.UserPrivilegeResult
	for _, entity := range request.Entities {
		one := types.UserPrivilegeResult{Entity: entity}
		for _, role := range known.RoleList {
			if role.Name != "Admin" {
				continue
			}
			for _, privilege := range role.Privilege {
				if !c.world.rules.missing(c.world, privilege, entity) {
					one.Privileges = append(one.Privileges, privilege)
				}
			}
		}
		answer = append(answer, one)
	}
	sendResult(c.out, c.name, types.FetchUserPrivilegeOnEntitiesResponse{Returnval: answer})
	return nil
}

// describe is what a test may know of the machines.
func (w *world) describe() []map[string]interface{} {
	answer := []map[string]interface{}{}
	for _, entity := range simulator.Map.All("VirtualMachine") {
		vm, ok := entity.(*simulator.VirtualMachine)
		if !ok || vm.Config == nil {
			continue
		}
		m := w.machine(vm)
		extra := map[string]interface{}{}
		for _, option := range vm.Config.ExtraConfig {
			extra[option.GetOptionValue().Key] = fmt.Sprint(option.GetOptionValue().Value)
		}
		one := map[string]interface{}{
			"name": vm.Name, "id": vm.Self.Value, "on": isOn(m), "template": vm.Config.Template, "disk": m.disk,
			"cpus": vm.Config.Hardware.NumCPU, "memoryMiB": vm.Config.Hardware.MemoryMB, "answers": m.answers,
			"annotation": vm.Config.Annotation, "extraConfig": extra, "address": vm.Guest.IpAddress, "boots": m.boots,
		}
		if disk, backing := diskBacking(vm); disk != nil {
			one["diskKiB"], one["diskFile"] = disk.CapacityInKB, backing.FileName
		}
		for _, device := range vm.Config.Hardware.Device {
			if card, ok := device.(types.BaseVirtualEthernetCard); ok {
				one["mac"] = card.GetVirtualEthernetCard().MacAddress
			}
		}
		if vm.Runtime.Host != nil {
			one["host"] = w.nameOf(*vm.Runtime.Host)
		}
		if vm.Parent != nil {
			one["folder"] = w.nameOf(*vm.Parent)
		}
		one["snapshots"] = m.snapshots()
		answer = append(answer, one)
	}
	return answer
}
