internal import FoundationEssentials
internal import Glibc

/// What a recipe needs on this machine.
public enum RecipePrerequisites {
    /// The programs and files, each with the Debian package that has it.
    static let needs: [(anyOf: [String], package: String)] = [
        (["mmdebstrap"], "mmdebstrap"), (["sfdisk"], "fdisk"), (["mke2fs"], "e2fsprogs"), (["extlinux"], "extlinux"),
        (["/usr/lib/syslinux/mbr/mbr.bin", "/usr/lib/EXTLINUX/mbr.bin"], "syslinux-common"),
        (["qemu-img"], "qemu-utils"), (["unshare"], "util-linux"),
        (["/usr/share/keyrings/debian-archive-keyring.gpg"], "debian-archive-keyring"),
    ]

    /// The packages that are missing, by Debian's names; empty when a recipe can run as far as programs go.
    public static func missingPackages() -> [String] {
        needs.filter { !$0.anyOf.contains(where: exists) }.map(\.package)
    }

    /// Whether this process is root.
    public static var isRoot: Bool { geteuid() == 0 }

    /// Whether a recipe can have root: this process is root, or `sudo` asks for no password.
    public static func canHaveRoot() async -> Bool {
        if isRoot { return true }
        return (try? await LineRunner.run(["sudo", "-n", "true"], onLine: { _ in }))?.succeeded == true
    }

    /// Throws what is missing, and how to get it.
    static func check() async throws {
        let missing = missingPackages()
        guard missing.isEmpty else {
            throw BaseImageError(
                .missingPrerequisite,
                "The recipe needs programs that are not here: sudo apt-get install \(missing.joined(separator: " "))")
        }
        guard await canHaveRoot() else {
            throw BaseImageError(
                .missingPrerequisite,
                "The recipe mounts a disk image, which needs root once: run this command with sudo, or allow sudo without a password."
            )
        }
    }

    private static func exists(_ program: String) -> Bool {
        if program.hasPrefix("/") { return FileManager.default.fileExists(atPath: program) }
        // The administrator's directories are not on every user's path; the recipe's script has them.
        return ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
        }
    }
}
