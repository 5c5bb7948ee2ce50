/// An operating system and an architecture, in Docker's words: `linux/amd64`, `linux/arm/v7`.
public struct Platform: Sendable, Hashable, Codable, CustomStringConvertible {
    /// `linux`
    public var system: String
    /// The version of the operating system; empty but for Windows.
    public var systemVersion: String
    /// `amd64`, `arm64` …
    public var architecture: String
    /// `v7`; empty where there is none.
    public var variant: String

    /// Makes a platform.
    public init(system: String = "linux", systemVersion: String = "", architecture: String, variant: String = "") {
        self.system = system
        self.systemVersion = systemVersion
        self.architecture = architecture
        self.variant = variant
    }

    /// Reads `os`, `architecture`, `os/architecture` or `os/architecture/variant` by containerd's rules
    /// (github.com/containerd/platforms); what is missing is `host`'s. Nil for what is no platform.
    public init?(_ text: String, host: Platform) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), parts.dropFirst().allSatisfy(Self.isComponent) else { return nil }
        guard let (name, version) = Self.system(parts[0]) else { return nil }
        system = name.isEmpty ? host.system : name == "macos" ? "darwin" : name
        systemVersion = version
        switch parts.count {
        case 1:
            if Self.systems.contains(system) {
                architecture = host.architecture
                variant = host.architecture == "arm" ? host.variant : ""
                return
            }
            (architecture, variant) = Self.normalized(parts[0], "")
            guard Self.architectures.contains(architecture) else { return nil }
            system = host.system
            if architecture == "arm", variant == "v7" { variant = "" }
        case 2:
            (architecture, variant) = Self.normalized(parts[1], "")
            if architecture == "arm", variant == "v7" { variant = "" }
        default:
            (architecture, variant) = Self.normalized(parts[1], parts[2])
            if architecture == "arm64", variant.isEmpty { variant = "v8" }
        }
    }

    /// `linux/arm/v7`
    public var description: String {
        ([system, architecture] + (variant.isEmpty ? [] : [variant])).joined(separator: "/")
    }

    /// Splits `windows(10.0.17763)`.
    private static func system(_ text: String) -> (name: String, version: String)? {
        guard let open = text.firstIndex(of: "(") else {
            return isComponent(text) || text.isEmpty ? (text.lowercased(), "") : nil
        }
        guard text.last == ")", isComponent(String(text[..<open])) else { return nil }
        let version = text[text.index(after: open)...].dropLast()
        return (text[..<open].lowercased(), String(version.prefix { $0 != "+" }))
    }

    private static func isComponent(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private static func normalized(_ architecture: String, _ variant: String) -> (String, String) {
        let (architecture, variant) = (architecture.lowercased(), variant.lowercased())
        switch architecture {
        case "i386": return ("386", "")
        case "x86_64", "x86-64", "amd64": return ("amd64", variant == "v1" ? "" : variant)
        case "aarch64", "arm64":
            switch variant {
            case "8", "v8", "v8.0": return ("arm64", "")
            case "9", "9.0", "v9.0": return ("arm64", "v9")
            default: return ("arm64", variant)
            }
        case "armhf": return ("arm", "v7")
        case "armel": return ("arm", "v6")
        case "arm":
            switch variant {
            case "", "7": return ("arm", "v7")
            case "5", "6", "8": return ("arm", "v" + variant)
            default: return ("arm", variant)
            }
        default: return (architecture, variant)
        }
    }

    private static let systems: Set = [
        "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd",
        "openbsd", "plan9", "solaris", "windows", "zos",
    ]

    private static let architectures: Set = [
        "386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "ppc64", "ppc64le", "loong64", "mips", "mipsle",
        "mips64", "mips64le", "mips64p32", "mips64p32le", "ppc", "riscv", "riscv64", "s390", "s390x", "sparc",
        "sparc64",
        "wasm",
    ]
}
