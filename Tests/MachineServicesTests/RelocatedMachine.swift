import MachineServices
import ReplayTestSupport
import SystemPackage

/// A machine's files below a directory of this machine, their paths made to fit: the programs run here as they would there.
struct RelocatedMachine {
    let root: FilePath

    init(_ setup: MachineSetup, below root: FilePath) async throws {
        self.root = root
        for file in setup.files {
            let place = relocate(file.path)
            let made = try await CommandRun.run(
                [
                    "sh", "-c", #"mkdir -p "${1%/*}" && printf %s "$2" >"$1" && chmod "$3" "$1""#, "sh", place,
                    relocate(file.content), file.mode,
                ])
            guard made.status == 0 else { throw Errno.ioError }
        }
    }

    /// A path, or a text with paths, below the directory. Programs of this machine stay where they are.
    func relocate(_ text: String) -> String {
        [
            "/etc/systemd", "/etc/replay", "/etc/profile.d", "/usr/local/lib/replay", "/usr/local/bin/replay-health",
            "/run/replay-health",
        ]
        .reduce(text) { $0.replacing($1, with: root.string + $1) }
        .replacing("\nPATH=/usr/sbin:", with: "\nPATH=\(root)/tools:/usr/sbin:")
    }
}
