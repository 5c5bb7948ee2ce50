/// The units that links enable (systemd.unit(5), `[Install]`), in the words of `systemctl list-unit-files --state=enabled`.
struct EnabledUnits {
    private let tree: DiskTree
    /// The targets of the links that stand in `/etc/systemd/system` itself: aliases.
    private let targets: [String: [UInt8]]

    private static let configuration = "/etc/systemd/system"
    private static let vendors = ["/usr/lib/systemd/system", "/lib/systemd/system"]

    init(tree: DiskTree, contents: [String: [UInt8]]) {
        self.tree = tree
        targets = contents
    }

    /// The links whose targets are needed.
    static func aliases(in tree: DiskTree) -> [String] {
        tree.paths(matching: "\(configuration)/*").filter { tree[$0]?.isLink == true }
    }

    /// The links of units that were not enabled at the build's end. A link to a unit that is not there enables nothing.
    func added(to recorded: [String], own: String) -> [String] {
        links(in: [Self.configuration]).filter { path in
            let unit = Self.name(of: path)
            let names = [unit, Self.template(of: unit)]
            return unit != own && !names.contains { recorded.contains($0) }
                && names.contains { isUnit($0) } && !names.contains { isMasked($0) }
        }
    }

    /// The units that were enabled at the build's end and are no more.
    func missing(from recorded: [String]) -> [String] {
        let linked = links(in: [Self.configuration] + Self.vendors).map(Self.name)
        let aliased = Self.aliases(in: tree).compactMap { targets[$0] }.map {
            Self.name(of: String(decoding: $0, as: UTF8.self))
        }
        let enabled = Set((linked + aliased).flatMap { [$0, Self.template(of: $0)] })
        return recorded.filter { !enabled.contains($0) }
    }

    private func links(in directories: [String]) -> [String] {
        directories.flatMap { tree.paths(matching: "\($0)/*.wants/*") + tree.paths(matching: "\($0)/*.requires/*") }
    }

    private func isUnit(_ name: String) -> Bool {
        ([Self.configuration] + Self.vendors).contains { tree["\($0)/\(name)"] != nil }
    }

    /// A link to nothing in the place of the unit: it is not started, whatever wants it.
    private func isMasked(_ name: String) -> Bool {
        targets["\(Self.configuration)/\(name)"] == Array("/dev/null".utf8)
    }

    private static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// `getty@tty1.service` is an instance of `getty@.service`.
    private static func template(of name: String) -> String {
        guard let at = name.firstIndex(of: "@"), let dot = name.lastIndex(of: "."), at < dot else { return name }
        return String(name[...at]) + String(name[dot...])
    }
}
