import ArgumentParser

/// The size of a machine.
struct MachineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Memory of the machine.", valueName: "mib"))
    var memory: Int = 1024

    @Option(help: "Virtual processors of the machine.")
    var cpus: Int = 2

    @Option(
        help: ArgumentHelp(
            "Size of the root disk; without it, the image's own or 10 GiB, whichever is larger.", valueName: "gib"))
    var disk: Int?

    @Option(
        name: .customLong("boot-timeout"),
        help: ArgumentHelp("How long the machine may take until its SSH server admits us.", valueName: "seconds"))
    var bootTimeout: Int = 600

    /// A machine that nobody asked for by options.
    static func standard() throws -> MachineOptions { try parse([]) }

    func validate() throws {
        guard (128...1_048_576).contains(memory) else { throw ValidationError("--memory is in MiB: 128 to 1048576.") }
        guard (1...256).contains(cpus) else { throw ValidationError("--cpus: 1 to 256.") }
        if let disk, !(1...65536).contains(disk) { throw ValidationError("--disk is in GiB: 1 to 65536.") }
        guard bootTimeout > 0 else { throw ValidationError("--boot-timeout: at least 1 second.") }
    }
}
