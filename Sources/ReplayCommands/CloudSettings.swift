import FoundationEssentials
import SystemCalls
import SystemPackage
import Yams

/// What `clouds.yaml` says of each cloud: texts by their names.
///
/// ```yaml
/// vsphere:
///   server: vcenter.example
///   user: builder@vsphere.local
///   datastore: fast
/// ```
struct CloudSettings {
    private let clouds: [String: [String: String]]

    /// Reads `$XDG_CONFIG_HOME/replay/clouds.yaml` (`~/.config/replay/clouds.yaml`); nothing when there is no such file.
    /// - Throws: ``UsageError`` when it is no mapping of mappings, or when others may read a password in it.
    init(environment: [String: String]) throws {
        let directory =
            environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
            ?? environment["HOME"].map { FilePath($0).appending(".config") }
        guard let path = directory?.appending("replay").appending("clouds.yaml"),
            let bytes = try? SmallFile.read(path)
        else {
            clouds = [:]
            return
        }
        do {
            clouds = try YAMLDecoder().decode(
                [String: [String: String]].self, from: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw UsageError("'\(path)' is no mapping of clouds to their settings, names and texts: \(error)")
        }
        guard clouds.values.contains(where: { $0["password"] != nil }) else { return }
        if let mode = try? path.stat().permissions, !mode.isDisjoint(with: [.groupRead, .otherRead]) {
            throw UsageError("'\(path)' holds a password and others may read it: chmod 600 '\(path)'.")
        }
    }

    /// The settings of a cloud.
    subscript(cloud: String) -> [String: String] { clouds[cloud] ?? [:] }
}
