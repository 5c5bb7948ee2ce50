import ArgumentParser

/// Where in a cloud things are and go; each cloud takes what it knows, and refuses the rest.
struct CloudOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The base template, instead of the basemap's. vSphere.", valueName: "path"))
    var base: String?

    @Option(help: "The datacenter, where there are several. vSphere.")
    var datacenter: String?

    @Option(help: "The folder of machines and templates. vSphere.")
    var folder: String?

    @Option(help: "The cluster or host that machines run on. vSphere.")
    var cluster: String?

    @Option(help: "One host of the cluster. vSphere.")
    var host: String?

    @Option(help: "The resource pool. vSphere.")
    var pool: String?

    @Option(help: "The datastore. vSphere.")
    var datastore: String?

    @Option(help: "The network of the first network card. vSphere.")
    var network: String?

    @Option(
        name: .customLong("guest-address"),
        help: ArgumentHelp(
            "A fixed address for the build's machine, instead of DHCP. vSphere.", valueName: "address/bits"))
    var guestAddress: String?

    @Option(
        name: .customLong("guest-gateway"), help: ArgumentHelp("The gateway that goes with it.", valueName: "address"))
    var guestGateway: String?

    @Option(
        name: .customLong("guest-dns"), help: ArgumentHelp("A name server that goes with it.", valueName: "address"))
    var guestNameServers: [String] = []

    @Option(help: ArgumentHelp("The thumbprint of the cloud's certificate. vSphere.", valueName: "hex"))
    var thumbprint: String?

    @Option(
        name: .customLong("ca-file"),
        help: ArgumentHelp("The authorities of the cloud's certificate, as PEM. vSphere.", valueName: "file"))
    var authorities: String?

    @Option(help: ArgumentHelp("How many earlier templates of the same name stay. vSphere.", valueName: "number"))
    var keep: Int?

    func validate() throws {
        if let keep, keep < 0 { throw ValidationError("--keep: 0 or more.") }
        guard let guestAddress else {
            guard guestGateway == nil, guestNameServers.isEmpty else {
                throw ValidationError("--guest-gateway and --guest-dns go with --guest-address.")
            }
            return
        }
        guard guestAddress.split(separator: "/").count == 2 else {
            throw ValidationError("--guest-address is an address and the length of its network: 10.1.2.3/24.")
        }
    }

    /// What was given, by the names that drivers know.
    var flags: [String: String] {
        let given: [(String, String?)] = [
            ("base", base), ("datacenter", datacenter), ("folder", folder), ("cluster", cluster), ("host", host),
            ("pool", pool), ("datastore", datastore), ("network", network), ("guest-address", guestAddress),
            ("guest-gateway", guestGateway),
            ("guest-dns", guestNameServers.isEmpty ? nil : guestNameServers.joined(separator: ",")),
            ("thumbprint", thumbprint), ("ca-file", authorities), ("keep", keep.map(String.init)),
        ]
        return given.reduce(into: [:]) { flags, pair in flags[pair.0] = pair.1 }
    }
}
