/// Where in the inventory machines and templates go. Names are inventory paths (`/DC0/vm/builds`), or names in the usual folder of
/// the datacenter.
public struct VSpherePlaces: Sendable {
    /// The datacenter; may be left out where there is one only.
    public var datacenter: String?
    /// The folder of the machines; the template's own without it.
    public var folder: String?
    /// The cluster or stand-alone host; the template's own without it.
    public var cluster: String?
    /// One host of the cluster.
    public var host: String?
    /// The resource pool; the cluster's own without it.
    public var pool: String?
    /// The datastore; the template's own without it.
    public var datastore: String?
    /// The network of the first network card; the template's own without it.
    public var network: String?
    /// A base template, instead of the basemap's.
    public var base: String?
    /// The guest's fixed address with the length of its network, `10.1.2.3/24`; DHCP without it.
    public var guestAddress: String?
    /// The gateway that goes with it.
    public var guestGateway: String?
    /// The name servers that go with it.
    public var guestNameServers: [String]
    /// How many published templates of one name stay behind the newest one.
    public var keeps: Int

    /// Reads what the command line, the environment (`GOVC_*`, `VSPHERE_*`) and `clouds.yaml` say, in this order.
    public init(flags: [String: String], environment: [String: String], file: [String: String]) {
        func value(_ key: String) -> String? {
            let name = key == "pool" ? "RESOURCE_POOL" : key.uppercased()
            let found = [flags[key], environment["GOVC_\(name)"], environment["VSPHERE_\(name)"], file[key]]
            return found.lazy.compactMap(\.self).first { !$0.isEmpty }
        }
        datacenter = value("datacenter")
        folder = value("folder")
        cluster = value("cluster")
        host = value("host")
        pool = value("pool")
        datastore = value("datastore")
        network = value("network")
        base = flags["base"]
        guestAddress = flags["guest-address"] ?? file["guest-address"]
        guestGateway = flags["guest-gateway"] ?? file["guest-gateway"]
        guestNameServers = (flags["guest-dns"] ?? file["guest-dns"] ?? "").split(separator: ",").map(String.init)
        keeps = (flags["keep"] ?? file["keep"]).flatMap { Int($0) } ?? 1
    }
}
