import Foundation
import GuestSupervisor
import ReplayTestSupport
import Testing

/// Steps that ask for more memory than there is, in a control group that has little.
@Suite(
    "Out of memory", .serialized, .timeLimit(.minutes(1)),
    .enabled(if: namespacesWork && MemoryLimit.isPossible, "needs root and a control group for memory"))
struct MemoryTests {
    @Test(
        "A step that the kernel kills for want of memory says so, whether it is the step itself or a part of it",
        arguments: shells)
    func killed(shell: String) async throws {
        let limit = try MemoryLimit(megabytes: 40)
        defer { limit.remove() }
        let hog = "tail /dev/zero"
        let rows: [(String, StepEnd)] = [
            ("\(limit.enter); exec \(hog)", .outOfMemory(137)),
            ("\(limit.enter); \(hog); exit 2", .outOfMemory(2)),
            ("\(limit.enter); (\(hog)) || exit 3", .outOfMemory(3)),
            ("kill -KILL $$", .signalled(9)),
            ("exit 137", .exited(137)),
            // It has dealt with it.
            ("\(limit.enter); \(hog); exit 0", .exited(0)),
        ]
        try await withGuest(shell: shell) { guest, _, _ in
            for (number, row) in rows.enumerated() { guest.queue(shellStep("s\(number)", row.0, stops: false)) }
            for (number, row) in rows.enumerated() {
                let end = try await guest.result(of: "s\(number)").end
                #expect(end == row.1, "\(row.0)")
            }
        }
        #expect("\(StepEnd.outOfMemory(137))".contains("ran out of memory"))
    }
}

/// A control group with little memory, of either version (cgroups(7)).
struct MemoryLimit {
    private static let hierarchies = [
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"),
    ]

    static let isPossible: Bool = {
        guard let group = try? MemoryLimit(megabytes: 40) else { return false }
        group.remove()
        return (try? String(contentsOfFile: "/proc/vmstat", encoding: .utf8))?.contains("\noom_kill ") == true
    }()

    private let path: String

    init(megabytes: Int) throws {
        var failure: any Error = CocoaError(.fileNoSuchFile)
        for (root, limit) in Self.hierarchies {
            let path = "\(root)/replay-test-\(ProcessInfo.processInfo.processIdentifier)"
            do {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
                guard FileManager.default.fileExists(atPath: "\(path)/\(limit)") else {
                    Self.remove(path)
                    continue
                }
                let file = try FileHandle(forWritingTo: URL(filePath: "\(path)/\(limit)"))
                try file.write(contentsOf: Data("\(megabytes << 20)\n".utf8))
                self.path = path
                return
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// A line of sh with which a step goes in there; 0 is whoever writes it.
    var enter: String { "echo 0 >\(path)/cgroup.procs" }

    func remove() { Self.remove(path) }

    /// A control group's files go with it, and only with it.
    private static func remove(_ path: String) { _ = try? shell("rmdir '\(path)'") }
}
