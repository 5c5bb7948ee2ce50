import DockerfileLanguage
import ReplayTestSupport

@testable import ReplayPlan

/// The mounts of a RUN as lines of text that can be compared.
extension VectorOutline {
    /// A mount of BuildKit's; nil for the root, and for a heredoc's script, which is compared as a file.
    static func mount(_ mount: [String: JSONValue]) -> String? {
        let place = mount["dest"]?.string ?? ""
        if place == "/" || place == "/dev/pipes/" { return nil }
        let isReadOnly = mount["ro"]?.bool ?? false
        let type = mount["type"]?.string ?? ""
        switch type {
        case "SECRET": return "mount secret at \(place) \(mount["secret"]?.string ?? "")"
        case "SSH":
            let agent = "/run/buildkit/ssh_agent."
            return "mount ssh at \(place.hasPrefix(agent) ? agent : place) \(mount["ssh"]?.string ?? "")"
        case "CACHE":
            let isFresh = mount["selector"]?.string == "/cache" || (mount["input"]?.int ?? -1) < 0
            return "mount cache at \(place) \(mount["cache"]?.string ?? "") read-only \(isReadOnly) from "
                + (isFresh ? "" : mount["selector"]?.string ?? "/")
        case "TMPFS": return "mount tmpfs at \(place) \(mount["tmpfs"]?.string ?? "")"
        default: return "mount bind at \(place) read-only \(isReadOnly) from \(mount["selector"]?.string ?? "/")"
        }
    }

    /// The planner's mounts in the same words.
    static func mounts(of run: RunOperation) -> [String] {
        run.mounts.compactMap { line($0, in: run.workingDirectory) }.sorted()
    }

    private static func line(_ mount: RunMount, in directory: String) -> String? {
        let place = GoPath.isAbsolute(mount.target) ? GoPath.clean(mount.target) : GoPath.join(directory, mount.target)
        let source = GoPath.clean("/" + mount.source)
        switch mount.kind {
        case .bind: return "mount bind at \(place) read-only \(mount.isReadOnly) from \(source)"
        case .tmpfs: return "mount tmpfs at \(place) \(mount.sizeLimit == 0 ? "" : "size:\(mount.sizeLimit)")"
        case .cache:
            let id = mount.id.isEmpty ? GoPath.clean(mount.target) : mount.id
            let sharing = mount.sharing.flatMap { $0 == .shared ? nil : " sharing:\($0.rawValue.uppercased())" } ?? ""
            return "mount cache at \(place) ID:\"/\(id)\"\(sharing) read-only \(mount.isReadOnly) from "
                + (mount.from == nil ? "" : source)
        case .secret:
            if mount.variable != nil, mount.target.isEmpty { return nil }
            var id = mount.id.isEmpty ? mount.source : mount.id
            if id.isEmpty { id = GoPath.base(mount.target) }
            let target = mount.target.isEmpty ? "/run/secrets/" + GoPath.base(id) : place
            return "mount secret at \(target) ID:\"\(id)\"" + access(mount, mode: 0o400)
        case .ssh:
            let target = mount.target.isEmpty ? "/run/buildkit/ssh_agent." : place
            return "mount ssh at \(target) "
                + ((mount.id.isEmpty ? "" : "ID:\"\(mount.id)\"") + access(mount, mode: 0o600))
                .drop { $0 == " " }
        }
    }

    private static func access(_ mount: RunMount, mode: UInt32) -> String {
        (mount.uid.map { " uid:\($0)" } ?? "") + (mount.gid.map { " gid:\($0)" } ?? "") + " mode:\(mount.mode ?? mode)"
            + (mount.isRequired ? "" : " optional:true")
    }
}
