import Archives
import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

@Suite struct ISOImageTests {
    static let files: [String: [UInt8]] = [
        "user-data": Array("#cloud-config\n".utf8), "meta-data": Array("instance-id: i-1\n".utf8),
        "network-config": [UInt8](repeating: 0x23, count: 40_000),
    ]

    @Test(.enabled(if: has("blkid"), "needs blkid of util-linux"))
    func theLabelIsFoundAsCloudInitLooksForIt() async throws {
        try await ScratchDirectory.with { scratch in
            try ISOImage.write(files: Self.files, volume: "cidata", to: scratch("seed.iso"))
            let label = try await run("blkid", ["-p", "-o", "value", "-s", "LABEL", scratch("seed.iso").string])
            #expect(label == "cidata\n")
            let type = try await run("blkid", ["-p", "-o", "value", "-s", "TYPE", scratch("seed.iso").string])
            #expect(type == "iso9660\n")
        }
    }

    @Test func bothExtensionsKeepTheNames() async throws {
        try await ScratchDirectory.with { scratch in
            try ISOImage.write(files: Self.files, volume: "cidata", to: scratch("seed.iso"))
            let image = Data(try scratch.read("seed.iso"))
            for name in Self.files.keys {
                // IEEE P1282: the name in Rock Ridge's NM entry (signature, length, version 1, flags 0), in ASCII.
                #expect(image.range(of: Data("NM".utf8) + [UInt8(name.utf8.count + 5), 1, 0] + Data(name.utf8)) != nil)
                // Joliet: the name in big-endian UCS-2.
                #expect(image.range(of: Data(name.utf8.flatMap { [0, $0] })) != nil)
            }
            #expect(image.range(of: Data("#cloud-config\n".utf8)) != nil)
        }
    }

    @Test(
        .enabled(
            if: getuid() == 0
                && (try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8))?.contains("iso9660") == true,
            "needs root and a kernel with iso9660"))
    func linuxReadsTheNamesAndContents() async throws {
        try await ScratchDirectory.with { scratch in
            try ISOImage.write(files: Self.files, volume: "cidata", to: scratch("seed.iso"))
            // In a mount namespace of its own, so that the mount ends with the command.
            let script = """
                mkdir m && mount -o loop,ro seed.iso m && ls m && cat m/user-data m/meta-data && wc -c <m/network-config
                """
            let names = try await run("unshare", ["-m", "sh", "-c", script], in: scratch.path)
            #expect(names == "meta-data\nnetwork-config\nuser-data\n#cloud-config\ninstance-id: i-1\n40000\n")
        }
    }

    @Test func onlyTheOwnerReadsIt() async throws {
        try await ScratchDirectory.with { scratch in
            try ISOImage.write(files: Self.files, volume: "cidata", to: scratch("seed.iso"))
            let mode = try FileManager.default.attributesOfItem(atPath: scratch("seed.iso").string)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func aFileThatIsThereIsReplaced() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("old", to: "seed.iso")
            try ISOImage.write(files: Self.files, volume: "cidata", to: scratch("seed.iso"))
            #expect(try scratch.read("seed.iso").count > 32768)
        }
    }

    @Test func aPathThatCannotBeWrittenIsAnError() async throws {
        let error = #expect(throws: ArchiveError.self) {
            try ISOImage.write(files: Self.files, volume: "cidata", to: "/nonexistent/seed.iso")
        }
        #expect(error?.code == .inputOutput)
    }

    @Test(arguments: ["", "a/b", String(repeating: "x", count: 65)])
    func aNameThatCannotBeWrittenLeavesNoFile(name: String) async throws {
        try await ScratchDirectory.with { scratch in
            let error = #expect(throws: ArchiveError.self) {
                try ISOImage.write(files: [name: []], volume: "cidata", to: scratch("seed.iso"))
            }
            #expect(error?.code == .invalidEntry)
            let left = try scratch.names()
            #expect(left == [])
        }
    }
}
