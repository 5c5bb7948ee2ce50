package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// makeTemplates makes the templates that the command line asks for, each with a snapshot for linked clones.
func (w *world) makeTemplates(wanted []string, esx bool) error {
	client, err := vim25.NewClient(context.Background(), w.service)
	if err != nil {
		return err
	}
	for _, text := range wanted {
		name, disk := text, ""
		if at := strings.IndexByte(text, '='); at >= 0 {
			name, disk = text[:at], text[at+1:]
		}
		if err := w.makeTemplate(client, name, disk, esx); err != nil {
			return fmt.Errorf("template %s: %w", name, err)
		}
	}
	return nil
}

func (w *world) makeTemplate(client *vim25.Client, name, disk string, esx bool) error {
	background := context.Background()
	finder := find.NewFinder(client, false)
	datacenter, err := finder.DefaultDatacenter(background)
	if err != nil {
		return err
	}
	finder.SetDatacenter(datacenter)
	folders, err := datacenter.Folders(background)
	if err != nil {
		return err
	}
	pool, err := finder.ResourcePool(background, "*/Resources")
	if err != nil {
		if pool, err = finder.ResourcePool(background, "DC0_C0/Resources"); err != nil {
			return err
		}
	}
	size := int64(2 << 30)
	if disk != "" {
		if disk, err = filepath.Abs(disk); err != nil {
			return err
		}
		if size, err = diskSize(disk); err != nil {
			return err
		}
	}
	spec, err := templateSpec(background, finder, name, size)
	if err != nil {
		return err
	}
	task, err := folders.VmFolder.CreateVM(background, *spec, pool, nil)
	if err != nil {
		return err
	}
	info, err := task.WaitForResult(background, nil)
	if err != nil {
		return err
	}
	vm := object.NewVirtualMachine(client, info.Result.(ref))
	known := simulator.Map.Get(vm.Reference()).(*simulator.VirtualMachine)
	w.machine(known).disk = disk
	if esx {
		return nil
	}
	if task, err = vm.CreateSnapshot(background, "replay", "for linked clones", false, false); err != nil {
		return err
	}
	if err = task.Wait(background); err != nil {
		return err
	}
	return vm.MarkAsTemplate(background)
}

// templateSpec describes a Linux machine as vSphere Client's wizard makes it.
func templateSpec(
	background context.Context, finder *find.Finder, name string, size int64,
) (*types.VirtualMachineConfigSpec, error) {
	network, err := finder.Network(background, "VM Network")
	if err != nil {
		return nil, err
	}
	backing, err := network.EthernetCardBackingInfo(background)
	if err != nil {
		return nil, err
	}
	var devices object.VirtualDeviceList
	controller, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return nil, err
	}
	disk := devices.CreateDisk(controller.(types.BaseVirtualController), ref{}, "[LocalDS_0] "+name+"/"+name+".vmdk")
	disk.CapacityInKB = size / 1024
	disk.CapacityInBytes = size
	card, err := devices.CreateEthernetCard("vmxnet3", backing)
	if err != nil {
		return nil, err
	}
	devices = append(devices, controller, disk, card)
	changes, err := devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	return &types.VirtualMachineConfigSpec{
		Name: name, GuestId: string(types.VirtualMachineGuestOsIdentifierDebian10_64Guest),
		Files:   &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
		NumCPUs: 1, MemoryMB: 1024, DeviceChange: changes,
	}, err
}
