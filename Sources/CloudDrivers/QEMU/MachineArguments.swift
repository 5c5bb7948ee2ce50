internal import Clouds
internal import FoundationEssentials
internal import SystemPackage

/// What QEMU is started with: everything that makes a machine what it is, and nothing secret.
struct MachineArguments: Codable, Sendable, Hashable {
    var cpus: Int
    var memoryMiB: Int
    var forwards: [Forward]
    var attachedDisks: [String]
    var acceleration: Acceleration

    /// A TCP port that leads into the guest; the host's is 0 where QEMU chooses a free one, which it does without a race.
    struct Forward: Codable, Sendable, Hashable {
        var hostAddress: String
        var hostPort: Int
        var guestPort: Int
    }

    /// The guest's SSH port.
    static let sshPort = 22

    init(_ spec: InstanceSpec, acceleration: Acceleration) {
        cpus = spec.cpus
        memoryMiB = spec.memoryMiB
        forwards =
            [Forward(hostAddress: "127.0.0.1", hostPort: 0, guestPort: MachineArguments.sshPort)]
            + spec.forwards.map {
                Forward(hostAddress: $0.hostAddress, hostPort: $0.hostPort, guestPort: $0.guestPort)
            }
        attachedDisks = spec.attachedDisks
        self.acceleration = acceleration
    }

    /// The arguments, in the order in which QEMU's manual has them.
    func words(_ paths: MachinePaths) throws -> [String] {
        var words = ["-name", paths.word]
        // The RAM is an object of its own, so that it can be kept in a file one day.
        words += ["-machine", "\(MachineArguments.machine),memory-backend=ram"]
        words += ["-object", "memory-backend-ram,id=ram,size=\(memoryMiB)M", "-m", "\(memoryMiB)"]
        words += acceleration.arguments
        words += ["-smp", "\(cpus)", "-nodefaults", "-no-user-config", "-display", "none", "-rtc", "base=utc"]
        // A guest's reboot is a reboot; its power-off ends QEMU.
        words += ["-boot", "strict=on"]

        // QEMU need not flush what the guest flushes: the overlay dies with its build, and what is captured from it is
        // read through the same page cache, when QEMU has ended, and then synchronised.
        words += [
            "-blockdev",
            try json([
                "driver": "qcow2", "node-name": "disk", "discard": "unmap", "detect-zeroes": "unmap",
                "cache": ["direct": false, "no-flush": true],
                "file": [
                    "driver": "file", "filename": .text(paths.overlay.string), "discard": "unmap",
                    "cache": ["direct": false, "no-flush": true],
                ],
            ]), "-device", "virtio-blk-pci,drive=disk,bootindex=0",
        ]
        // A virtio disk, not a CD-ROM: Debian's cloud kernel has no driver for a SATA one.
        words += ["-blockdev", try readOnly(paths.seed.string, as: "seed"), "-device", "virtio-blk-pci,drive=seed"]
        for (index, disk) in attachedDisks.enumerated() {
            let name = "attached\(index)"
            words += [
                "-blockdev", try readOnly(disk, as: name), "-device", "virtio-blk-pci,drive=\(name),serial=\(name)",
            ]
        }
        words += ["-netdev", "user,id=net" + forwards.map(option).joined()]
        words += ["-device", "virtio-net-pci,netdev=net,romfile="]
        words += ["-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng"]
        // A kernel that panics says so, and QEMU ends.
        words += ["-device", "pvpanic-pci"]

        words += ["-chardev", "file,id=console,append=on,path=\(escaped(paths.console))", "-serial", "chardev:console"]
        words += ["-chardev", "socket,id=qmp,server=on,wait=off,path=\(escaped(paths.socket))"]
        words += ["-mon", "chardev=qmp,mode=control", "-pidfile", paths.pidFile.string]
        // In its log, for whoever comes when the `replay` that started it is dead: why it ended.
        words += ["-trace", "enable=\(MachineEnd.tracedEvent)"]
        // The guest waits until somebody listens to what happens to it, and until its ports are known.
        words += ["-S"]
        words += ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]
        return words
    }

    /// The machine type: `pc` and `q35` take the same time to boot Debian's cloud kernel, and `pc` has fewer devices.
    static let machine = "pc"

    private func option(_ forward: Forward) -> String {
        ",hostfwd=tcp:\(forward.hostAddress):\(forward.hostPort)-:\(forward.guestPort)"
    }

    /// A comma in a value of an option list is doubled.
    private func escaped(_ path: FilePath) -> String { path.string.replacing(",", with: ",,") }

    private func readOnly(_ file: String, as name: String) throws -> String {
        try json([
            "driver": "raw", "node-name": .text(name), "read-only": true,
            "file": ["driver": "file", "filename": .text(file), "read-only": true],
        ])
    }

    private func json(_ value: JSONValue) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
