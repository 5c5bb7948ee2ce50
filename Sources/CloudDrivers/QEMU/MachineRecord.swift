internal import FoundationEssentials
internal import SystemCalls
internal import SystemPackage

/// How a machine was started and on which ports of this machine it is reached; kept in its directory.
struct MachineRecord: Codable, Sendable, Hashable {
    /// What QEMU was started with.
    var arguments: MachineArguments
    /// The forwards with the ports that QEMU chose.
    var forwards: [MachineArguments.Forward]

    /// Reads a machine's record; nil when it was not set up.
    init?(_ paths: MachinePaths) {
        guard let bytes = try? SmallFile.read(paths.record),
            let record = try? JSONDecoder().decode(MachineRecord.self, from: Data(bytes))
        else { return nil }
        self = record
    }

    init(arguments: MachineArguments, forwards: [MachineArguments.Forward]) {
        self.arguments = arguments
        self.forwards = forwards
    }

    /// Writes it.
    func write(_ paths: MachinePaths) throws {
        try AtomicFile.write(try JSONEncoder().encode(self), to: paths.record)
    }

    /// Fills in the ports that QEMU chose, from the table that `info usernet` shows:
    ///
    ///     TCP[HOST_FORWARD]  11       127.0.0.1 43881       10.0.2.15    22     0     0
    static func forwards(_ wanted: [MachineArguments.Forward], in table: String) -> [MachineArguments.Forward]? {
        // The lines end with CR LF, which is one Character.
        var open = table.split(whereSeparator: \.isNewline).compactMap { line -> MachineArguments.Forward? in
            let words = line.split(separator: " ")
            guard words.count >= 6, words[0] == "TCP[HOST_FORWARD]", let host = Int(words[3]), let guest = Int(words[5])
            else { return nil }
            let address = words[2] == "*" ? "0.0.0.0" : String(words[2])
            return MachineArguments.Forward(hostAddress: address, hostPort: host, guestPort: guest)
        }
        var found = wanted
        // Fixed ports first, so that a free one for the same guest port does not take their line.
        for index in wanted.indices.sorted(by: { wanted[$0].hostPort > wanted[$1].hostPort }) {
            let forward = wanted[index]
            guard
                let line = open.firstIndex(where: {
                    $0.guestPort == forward.guestPort && (forward.hostPort == 0 || $0.hostPort == forward.hostPort)
                        && $0.hostAddress == forward.hostAddress
                })
            else { return nil }
            found[index] = open.remove(at: line)
        }
        return found
    }
}
