import CopyVectorSupport
import Foundation
import ReplayEngine
import ReplayPlan
import ReplayTestSupport
import SystemPackage
import Testing

/// `--chown` with names that the machine does not know: an error, or root with `--buildkit-compat`.
@Suite("Unknown owners", .enabled(if: namespacesWork, "needs root and unshare(1)"), .timeLimit(.minutes(1)))
struct UnknownOwnerTests {
    /// Copies one file to `copied` and answers its owner.
    private func owner(_ name: String, accepting: Bool) async throws -> String {
        let files = try ScratchDirectory()
        try files.write("text", to: "0/copied")
        let script = "cd \"$1\" && chown 7:7 0/copied && tar -cf copy.tar 0 && sha256sum <copy.tar"
        let made = try await CommandRun.run(["sh", "-c", script, "sh", files.path.string])
        try #require(made.status == 0, "\(made.errors)")
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: files("copy.tar").string)))
        let archive = FinishedArchive(bytes, digest: "sha256:" + made.output.prefix { $0 != " " })
        var owner = ""
        try await withReplayer { replayer, _, scratch in
            let action = CopyAction(
                sources: [.file(path: "copied", name: "copied")], destination: scratch("").string + "/", owner: name,
                acceptsUnknownOwner: accepting)
            let plan = plan([("COPY --chown=\(name) copied ./", .copy(action))])
            try await replayer.run(plan, archives: PreparedArchives([archive]))
            let attributes = try FileManager.default.attributesOfItem(atPath: scratch("copied").string)
            owner = "\(attributes[.ownerAccountID] ?? ""):\(attributes[.groupOwnerAccountID] ?? "")"
        }
        return owner
    }

    @Test(arguments: ["nobody-of-this-name", "nobody-of-this-name:daemon", "daemon:no-group-of-this-name"])
    func areAnError(_ name: String) async throws {
        let error = await #expect(throws: ReplayError.self) { try await owner(name, accepting: false) }
        #expect(error?.context.contains { $0.contains("of-this-name") } == true, "\(error?.context ?? [])")
    }

    @Test(arguments: [
        ("nobody-of-this-name", "0:0"), ("nobody-of-this-name:daemon", "0:1"), ("daemon:no-group-of-this-name", "1:1"),
        ("daemon", "1:1"), ("5", "5:5"), (":9", "0:9"),
    ])
    func areRootAsInBuildKit(_ name: String, _ expected: String) async throws {
        let owner = try await owner(name, accepting: true)
        #expect(owner == expected)
    }
}
