internal import Clouds
internal import FoundationEssentials
internal import SystemCalls
internal import SystemPackage

/// The programs that the driver runs.
struct QEMUTools: Sendable {
    /// The emulator.
    let emulator: FilePath
    /// The image tool.
    let image: FilePath

    /// Finds the programs.
    /// - Parameter searchPath: As the variable PATH.
    /// - Throws: `.missingPrerequisite` with the command that installs what is missing.
    static func locate(searchPath: String) throws -> QEMUTools {
        func find(_ name: String, _ package: String) throws -> FilePath {
            guard let path = locate(name, searchPath: searchPath) else {
                throw CloudError(
                    .missingPrerequisite,
                    "The program '\(name)' is missing. Install it: sudo apt-get install \(package)")
            }
            return path
        }
        return QEMUTools(
            emulator: try find("qemu-system-x86_64", "qemu-system-x86"), image: try find("qemu-img", "qemu-utils"))
    }

    /// The first runnable file of this name in the search path.
    static func locate(_ name: String, searchPath: String) -> FilePath? {
        searchPath.split(separator: ":").lazy
            .map { FilePath(String($0)).appending(name) }
            .first { FileAccess.canRun($0) && (try? $0.stat().type) == .regular }
    }

    /// The emulator's version, such as `7.2.22`.
    func version() async throws -> String {
        let answer = try await LocalCommand(emulator, ["--version"]).run()
        guard answer.succeeded, let line = answer.output.split(separator: "\n").first else {
            throw CloudError(.missingPrerequisite, "'\(emulator)' does not run: \(answer.reason)")
        }
        // QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)
        return line.split(separator: " ").first { $0.first?.isNumber == true }.map(String.init) ?? String(line)
    }
}
