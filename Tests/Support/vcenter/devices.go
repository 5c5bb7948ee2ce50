package main

import (
	"bytes"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// copyDevices copies a machine's devices: the simulator gives the source's own to the clone, and changes them.
func copyDevices(devices []types.BaseVirtualDevice) ([]types.BaseVirtualDevice, error) {
	var text bytes.Buffer
	if err := xml.NewEncoder(&text).Encode(types.ArrayOfVirtualDevice{VirtualDevice: devices}); err != nil {
		return nil, err
	}
	decoder := xml.NewDecoder(&text)
	decoder.TypeFunc = types.TypeFunc()
	var copied types.ArrayOfVirtualDevice
	err := decoder.Decode(&copied)
	return copied.VirtualDevice, err
}

// diskBacking is the backing of a machine's first disk.
func diskBacking(vm *simulator.VirtualMachine) (*types.VirtualDisk, *types.VirtualDiskFlatVer2BackingInfo) {
	for _, device := range vm.Config.Hardware.Device {
		if disk, ok := device.(*types.VirtualDisk); ok {
			if backing, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
				return disk, backing
			}
		}
	}
	return nil, nil
}

// completeDevices fills in what a client may leave out of an edited device, without which the simulator fails.
func completeDevices(vm *simulator.VirtualMachine, changes []types.BaseVirtualDeviceConfigSpec) types.BaseMethodFault {
	for index, each := range changes {
		spec := each.GetVirtualDeviceConfigSpec()
		device := spec.Device.GetVirtualDevice()
		if card, ok := device.Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok && !networkExists(card.DeviceName) {
			return &types.InvalidDeviceBacking{InvalidDeviceSpec: types.InvalidDeviceSpec{
				InvalidVmConfig: types.InvalidVmConfig{Property: "deviceChange.device.backing"}, DeviceIndex: int32(index),
			}}
		}
		if spec.Operation != types.VirtualDeviceConfigSpecOperationEdit {
			continue
		}
		for _, known := range vm.Config.Hardware.Device {
			old := known.GetVirtualDevice()
			if old.Key != device.Key {
				continue
			}
			if fault := completeDevice(known, spec.Device, index); fault != nil {
				return fault
			}
		}
	}
	return nil
}

func completeDevice(known, changed types.BaseVirtualDevice, index int) types.BaseMethodFault {
	old, device := known.GetVirtualDevice(), changed.GetVirtualDevice()
	device.DeviceInfo = &types.Description{Label: old.DeviceInfo.GetDescription().Label}
	if device.Backing == nil {
		device.Backing = old.Backing
	}
	if device.ControllerKey == 0 {
		device.ControllerKey = old.ControllerKey
	}
	if device.UnitNumber == nil {
		device.UnitNumber = old.UnitNumber
	}
	oldDisk, isDisk := known.(*types.VirtualDisk)
	disk, stillDisk := changed.(*types.VirtualDisk)
	if isDisk && stillDisk {
		// Of the two fields, the one that a client changed holds.
		if disk.CapacityInBytes != 0 && disk.CapacityInBytes != oldDisk.CapacityInBytes {
			disk.CapacityInKB = disk.CapacityInBytes / 1024
		}
		backing, _ := oldDisk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if given, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok && backing != nil &&
			given.FileName != backing.FileName {
			// It would be another machine's file.
			return &types.FileLocked{FileFault: types.FileFault{File: given.FileName}}
		}
		linked := backing != nil && backing.Parent != nil
		if disk.CapacityInKB < oldDisk.CapacityInKB || (linked && disk.CapacityInKB != oldDisk.CapacityInKB) {
			return &types.InvalidDeviceOperation{InvalidDeviceSpec: types.InvalidDeviceSpec{
				InvalidVmConfig: types.InvalidVmConfig{Property: "capacityInKB"}, DeviceIndex: int32(index),
			}}
		}
		disk.CapacityInBytes = disk.CapacityInKB * 1024
	}
	if card, ok := changed.(types.BaseVirtualEthernetCard); ok && card.GetVirtualEthernetCard().MacAddress == "" {
		if oldCard, ok := known.(types.BaseVirtualEthernetCard); ok {
			card.GetVirtualEthernetCard().MacAddress = oldCard.GetVirtualEthernetCard().MacAddress
		}
	}
	return nil
}

func networkExists(name string) bool {
	for _, kind := range []string{"Network", "DistributedVirtualPortgroup", "OpaqueNetwork"} {
		for _, entity := range simulator.Map.All(kind) {
			if entityName(entity) == name {
				return true
			}
		}
	}
	return false
}

func entityName(entity mo.Entity) string {
	switch x := entity.(type) {
	case *mo.Network:
		return x.Name
	case *mo.OpaqueNetwork:
		return x.Name
	case *simulator.DistributedVirtualPortgroup:
		return x.Name
	}
	return entity.Entity().Name
}
