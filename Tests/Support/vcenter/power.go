package main

import (
	"log"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

func powerOn(c *call) types.BaseMethodFault {
	m := c.vm()
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	if m.vm.Config.Template {
		return &types.InvalidState{}
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) { return nil, c.powerOn(m) })
}

// powerOn starts the guest. A question that is to be put is put first, and waited for.
func (c *call) powerOn(m *machine) types.BaseMethodFault {
	if isOn(m) {
		return invalidPowerState(m, types.VirtualMachinePowerStatePoweredOn)
	}
	if host, ok := simulator.Map.Get(*m.vm.Runtime.Host).(*simulator.HostSystem); ok && host.Runtime.InMaintenanceMode {
		return &types.InvalidHostState{Host: &host.Self}
	}
	if m.question != nil {
		m.answered = make(chan string, 1)
		update(m.vm, change("runtime.question", m.question))
		c.world.mutex.Unlock()
		answer := <-m.answered
		c.world.mutex.Lock()
		m.answers = append(m.answers, answer)
		m.question = nil
		update(m.vm, change("runtime.question", nil))
	}
	if fault := c.setPower(m, types.VirtualMachinePowerStatePoweredOn); fault != nil {
		return fault
	}
	m.boots++
	guest, err := c.world.guests.start(m)
	if err != nil {
		log.Printf("%s: %s", m.vm.Name, err)
		_ = c.setPower(m, types.VirtualMachinePowerStatePoweredOff)
		return &types.GenericVmConfigFault{Reason: err.Error()}
	}
	m.guest = guest
	return nil
}

// setPower lets the simulator change the state of a machine.
func (c *call) setPower(m *machine, state types.VirtualMachinePowerState) types.BaseMethodFault {
	var body soap.HasFault
	var task ref
	c.within(m.vm, func() {
		if state == types.VirtualMachinePowerStatePoweredOn {
			body = m.vm.PowerOnVMTask(c.context, &types.PowerOnVM_Task{This: m.vm.Self})
		} else {
			body = m.vm.PowerOffVMTask(c.context, &types.PowerOffVM_Task{This: m.vm.Self})
		}
		task = taskOf(body)
	})
	_, fault := outcome(task, body)
	return fault
}

func powerOff(c *call) types.BaseMethodFault {
	m := c.vm()
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) {
		if !isOn(m) {
			return nil, invalidPowerState(m, types.VirtualMachinePowerStatePoweredOff)
		}
		return nil, c.powerOff(m)
	})
}

// powerOff cuts the power of a machine that is on.
func (c *call) powerOff(m *machine) types.BaseMethodFault {
	if m.guest != nil {
		m.guest.kill()
		m.guest = nil
	}
	forgetGuest(m)
	return c.setPower(m, types.VirtualMachinePowerStatePoweredOff)
}

func reset(c *call) types.BaseMethodFault {
	m := c.vm()
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	return c.task(func() (types.AnyType, types.BaseMethodFault) {
		if !isOn(m) {
			return nil, invalidPowerState(m, types.VirtualMachinePowerStatePoweredOn)
		}
		if m.guest != nil {
			m.guest.reset()
		}
		return nil, nil
	})
}

func shutdownGuest(c *call) types.BaseMethodFault {
	m := c.vm()
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	if !isOn(m) {
		return invalidPowerState(m, types.VirtualMachinePowerStatePoweredOff)
	}
	if m.vm.Guest.ToolsRunningStatus != string(types.VirtualMachineToolsRunningStatusGuestToolsRunning) || m.guest == nil {
		return &types.ToolsUnavailable{}
	}
	m.guest.shutdown()
	sendNothing(c.out, c.name)
	return nil
}

// ask puts a question: at once when the machine is on, else at its next power-on.
func (w *world) ask(vm *simulator.VirtualMachine, wanted setting) {
	m := w.machine(vm)
	choices := types.ChoiceOption{DefaultIndex: wanted.Default}
	for index, label := range wanted.Choices {
		choices.ChoiceInfo = append(choices.ChoiceInfo, &types.ElementDescription{
			Description: types.Description{Label: label, Summary: label}, Key: string(rune('0' + index)),
		})
	}
	m.question = &types.VirtualMachineQuestionInfo{Id: "1", Text: wanted.Question, Choice: choices}
	if isOn(m) {
		m.answered = make(chan string, 1)
		update(vm, change("runtime.question", m.question))
	}
}

func answerVM(c *call) types.BaseMethodFault {
	m := c.vm()
	request := c.body.(*types.AnswerVM)
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: c.this}
	}
	if m.vm.Runtime.Question == nil || m.vm.Runtime.Question.Id != request.QuestionId {
		return &types.ConcurrentAccess{}
	}
	if isOn(m) {
		m.answers = append(m.answers, request.AnswerChoice)
		m.question = nil
		update(m.vm, change("runtime.question", nil))
	} else {
		m.answered <- request.AnswerChoice
	}
	sendNothing(c.out, c.name)
	return nil
}

// toolsRun is what VMware Tools tell first.
func (w *world) toolsRun(m *machine, boot int) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if m.boots != boot || !isOn(m) || m.mute == "tools" {
		return
	}
	simulator.Map.WithLock(m.vm, func() {
		update(m.vm,
			change("guest.toolsStatus", types.VirtualMachineToolsStatusToolsOk),
			change("guest.toolsRunningStatus", string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)),
			change("summary.guest.toolsRunningStatus", string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)))
	})
}

// hasAddress is what VMware Tools tell when the guest's network is up: addresses of the network of a container engine and
// link-local ones among them.
func (w *world) hasAddress(m *machine, boot int, address string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if m.boots != boot || !isOn(m) || m.mute != "" {
		return
	}
	nics := []types.GuestNicInfo{nic("", "02:42:8f:00:00:01", -1, "172.17.0.1")}
	for _, device := range m.vm.Config.Hardware.Device {
		if card, ok := device.(types.BaseVirtualEthernetCard); ok {
			c := card.GetVirtualEthernetCard()
			nics = append(nics, nic("VM Network", c.MacAddress, c.Key, "fe80::250:56ff:fe00:1", address))
			break
		}
	}
	simulator.Map.WithLock(m.vm, func() {
		update(m.vm, change("guest.net", nics), change("guest.ipAddress", address),
			change("summary.guest.ipAddress", address), change("guest.hostName", "guest"))
	})
}

func nic(network, mac string, key int32, addresses ...string) types.GuestNicInfo {
	info := types.GuestNicInfo{
		Network: network, MacAddress: mac, Connected: true, DeviceConfigId: key, IpAddress: addresses,
		IpConfig: &types.NetIpConfigInfo{},
	}
	for _, address := range addresses {
		info.IpConfig.IpAddress = append(info.IpConfig.IpAddress, types.NetIpConfigInfoIpAddress{
			IpAddress: address, PrefixLength: 16, State: string(types.NetIpConfigInfoIpAddressStatusPreferred),
		})
	}
	return info
}

// forgetGuest takes back what VMware Tools told.
func forgetGuest(m *machine) {
	var none []types.GuestNicInfo
	simulator.Map.WithLock(m.vm, func() {
		update(m.vm,
			change("guest.toolsStatus", types.VirtualMachineToolsStatusToolsNotRunning),
			change("guest.toolsRunningStatus", string(types.VirtualMachineToolsRunningStatusGuestToolsNotRunning)),
			change("summary.guest.toolsRunningStatus", string(types.VirtualMachineToolsRunningStatusGuestToolsNotRunning)),
			change("guest.net", none), change("guest.ipAddress", ""), change("summary.guest.ipAddress", ""))
	})
}

// ended is the guest's own end: it powered itself off.
func (w *world) ended(m *machine, boot int) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if m.boots != boot || !isOn(m) {
		return
	}
	m.guest = nil
	forgetGuest(m)
	c := &call{world: w, context: w.systemContext(m.vm.Self), this: m.vm.Self}
	if fault := c.setPower(m, types.VirtualMachinePowerStatePoweredOff); fault != nil {
		log.Printf("%s: %T", m.vm.Name, fault)
	}
}

// endGuests cuts the power of all.
func (w *world) endGuests() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, m := range w.machines {
		if m.guest != nil {
			m.guest.kill()
			m.guest = nil
		}
	}
}
