"""Works with a vCenter by VMware's own client library, and prints what it saw. Usage: vcenter_client.py URL NAME, where NAME
begins those of its machines, with user, password and certificate authority in VC_USER, VC_PASSWORD and VC_CA."""

import os
import ssl
import sys
import time
from urllib.parse import urlsplit

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim

url, name = urlsplit(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context(cafile=os.environ["VC_CA"])


def connect(password):
    return SmartConnect(
        host=url.hostname, port=url.port, user=os.environ["VC_USER"], pwd=password, sslContext=context
    )


def refusal(action):
    """The name of the fault that an action, or its task, ends with."""
    try:
        task = action()
        if isinstance(task, vim.Task):
            WaitForTask(task)
        return "nothing"
    except vim.fault.VimFault as fault:
        return type(fault).__name__.rsplit(".", 1)[-1]


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("it did not come about")
        time.sleep(0.05)


def run(task):
    WaitForTask(task)
    return task.info.result


def options(vm):
    return {option.key: option.value for option in vm.config.extraConfig}


def configure(vm, **values):
    run(vm.Reconfigure(vim.vm.ConfigSpec(**values)))


def option(value):
    return [vim.option.OptionValue(key="guestinfo.metadata", value=value)]


def device(vm, kind):
    return next(each for each in vm.config.hardware.device if isinstance(each, kind))


def say(text, value):
    print(f"{text}: {value}")


say("a wrong password", refusal(lambda: connect("no")))
service = connect(os.environ["VC_PASSWORD"])
content = service.RetrieveContent()
find = content.searchIndex.FindByInventoryPath
datacenter = content.rootFolder.childEntity[0]
template = find("/DC0/vm/debian-12")
snapshot = template.snapshot.currentSnapshot
say("the template has a snapshot", isinstance(snapshot, vim.vm.Snapshot))
pool = next(each for each in datacenter.hostFolder.childEntity if each.name == "DC0_C0").resourcePool
location = vim.vm.RelocateSpec(
    pool=pool, datastore=datacenter.datastore[0], diskMoveType="createNewChildDiskBacking"
)
spec = vim.vm.CloneSpec(location=location, powerOn=False, template=False, snapshot=snapshot)
disk, card = vim.vm.device.VirtualDisk, vim.vm.device.VirtualEthernetCard
before = device(template, disk).backing.fileName
vm = run(template.Clone(folder=datacenter.vmFolder, name=name + "-one", spec=spec))
say("a second machine of the name", refusal(lambda: template.Clone(datacenter.vmFolder, name + "-one", spec)))
say("the template's disk is its own", device(template, disk).backing.fileName == before)
say("the clone's network card is its own", device(template, card).macAddress != device(vm, card).macAddress)
say("the clone's disk lies over the template's", device(vm, disk).backing.parent.fileName == before)
larger = device(vm, disk)
larger.capacityInKB *= 2
change = vim.vm.device.VirtualDeviceSpec(operation="edit", device=larger)
say("the disk of a linked clone grows", refusal(lambda: vm.Reconfigure(vim.vm.ConfigSpec(deviceChange=[change]))))
configure(vm, numCPUs=2, memoryMB=2048, extraConfig=option("abc"))
configure(vm, extraConfig=option("def"))
say("the last value of an option holds", options(vm).get("guestinfo.metadata"))
saved = run(vm.CreateSnapshot("saved", "", False, False))
configure(vm, extraConfig=option(""))
say("an empty value removes an option", options(vm).get("guestinfo.metadata"))
run(vm.PowerOn())
say("a machine that runs is on", refusal(vm.PowerOn))
until(lambda: vm.guest.ipAddress)
nics = [nic for nic in vm.guest.net if nic.macAddress == device(vm, card).macAddress]
say("its own address is among those reported", vm.guest.ipAddress in nics[0].ipAddress and len(vm.guest.net) == 2)
run(saved.RevertToSnapshot_Task())
say("the snapshot brings the option back, and the machine is off",
    f"{options(vm).get('guestinfo.metadata')} {vm.runtime.powerState}")
run(saved.RemoveSnapshot_Task(False))
run(vm.PowerOn())
until(lambda: vm.guest.toolsRunningStatus == "guestToolsRunning")
vm.ShutdownGuest()
until(lambda: vm.runtime.powerState == "poweredOff")
say("the guest powers off", f"{vm.runtime.powerState} {vm.guest.ipAddress}")
vm.MarkAsTemplate()
say("it is a template", vm.config.template)
run(vm.Rename(name + "-two"))
say("it has the new name", find(f"/DC0/vm/{name}-two") == vm)
run(vm.Destroy())
say("it is gone", find(f"/DC0/vm/{name}-two"))
Disconnect(service)
