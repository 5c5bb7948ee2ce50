import BuildContexts
import Crypto
import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayEngine
import ReplayEvents
import ReplayPlan
import ReplayTestSupport
import SSHTransport
import SystemPackage
import Testing

/// Much of everything, in little memory. `make soak` has the full amounts, CI a part.
@Suite(
    "Volume", .serialized, .timeLimit(.minutes(30)),
    .enabled(if: namespacesWork && SSHServerFixture.obstacle() == nil, "needs root, unshare(1) and openssh-server"))
struct VolumeTests {
    /// Every step's bytes go to the hash of their stream: the high bit tells which it is.
    private final class Streams: Sendable {
        private let hashes = Shared([SHA256(), SHA256()])
        private let counts = Shared(0)

        var count: Int { counts.value }
        var digests: [String] { hashes.value.map { $0.finalize().hexadecimal } }

        func take(_ bytes: [UInt8]) {
            counts.withLock { $0 += bytes.count }
            let parts = [bytes.filter { $0 < 0x80 }, bytes.filter { $0 >= 0x80 }]
            hashes.withLock { for (index, part) in parts.enumerated() { $0[index].update(data: part) } }
        }
    }

    @Test("A gigabyte of random bytes on both streams at once arrives exactly, in less than 16 MiB")
    func randomBytes() async throws {
        let megabytes = SeededNumbers.isSoak ? 1024 : 64
        let streams = Streams()
        func writes(_ megabytes: Int) -> (title: String, action: StepAction) {
            // Each stream has a half of the values, so that they can be told apart wherever they are interleaved.
            ReplayEngineTests.run(
                """
                export LC_ALL=C; mkdir -p /srv/volume && cd /srv/volume && rm -f * && mkfifo o e && n=\(megabytes << 19)
                sha256sum <o >sum-o & sha256sum <e >sum-e &
                head -c $n /dev/urandom | tr '\\200-\\377' '\\000-\\177' | tee o &
                head -c $n /dev/urandom | tr '\\000-\\177' '\\200-\\377' | tee e >&2
                wait
                """)
        }
        try await SSHServerFixture.with { server in
            let connector = SSHConnector(
                user: server.user, key: server.userKey.privateKey, hostKey: .pinned(server.hostKey)
            ) { server.endpoint }
            let answer = Events()
            try await ScratchDirectory.with { scratch in
                let replayer = try await Replayer.start(
                    connector, options: SupervisorOptions(build: "volume"), log: scratch("log")
                ) { event in
                    if case .taskOutput(.step(2), let bytes) = event { streams.take(bytes) }
                    if case .taskOutput(.step(3), _) = event { answer.append(event) }
                }
                // What is needed once, however much comes.
                try await replayer.run(plan([writes(8)]), archives: PreparedArchives())
                let big = plan([writes(8), writes(megabytes), ReplayEngineTests.run("cd /srv/volume; cat sum-o sum-e")])
                let start = ContinuousClock.now
                let growth = try await MemoryUse.growth {
                    try await replayer.run(big, archives: PreparedArchives(), from: 2, attempt: 2)
                }
                print("\(megabytes) MiB in \(ContinuousClock.now - start), memory grew by \(growth >> 10) KiB")
                #expect(growth < 16 << 20)
                #expect(streams.count == megabytes << 20)
                #expect(answer.output(of: .step(3)) == streams.digests.map { "\($0)  -\n" }.joined())
                let log = try FileManager.default.attributesOfItem(atPath: scratch("log").string)[.size] as? Int
                #expect((log ?? 0) > megabytes << 20, "and the build's log has it too")
                try await replayer.finish(remove: true)
            }
        }
    }

    /// A context, and what the guest must say about it.
    private func copy(_ context: ScratchDirectory, listing: String) async throws -> Int {
        var grown = 0
        try await withReplayer { replayer, events, scratch in
            let directory = try DirectoryContext(root: context.path, dockerfile: nil)
            let paths = try directory.scan().items.map(\.path)
            let manifest = try await directory.complete(directory.scan(), for: ContextNeeds(digests: []))
            let source = CopySource.directory(path: "", entries: paths)
            let action = CopyAction(sources: [source], destination: scratch("copy").string)
            let steps = plan([
                ("COPY . copy", .copy(action)), ReplayEngineTests.run("cd '\(scratch("copy"))' && \(listing)"),
            ])
            grown = try await MemoryUse.growth {
                try await replayer.run(steps, archives: ContextArchives(directory, manifest: manifest))
            }
            let expected = try await LocalHost().capture(RemoteCommand("cd '\(context.path)' && \(listing)"))
            #expect(expected.status == .exited(0))
            #expect(events.output(of: .step(2)) == expected.text)
        }
        return grown
    }

    @Test("A hundred thousand small files are copied in constant memory")
    func manyFiles() async throws {
        let count = SeededNumbers.isSoak ? 100_000 : 3000
        let context = try ScratchDirectory("many")
        let made = try await LocalHost().capture(
            RemoteCommand("cd '\(context.path)' && seq -w \(count) | split -l 1 -a 6 -d - file"))
        #expect(made.status == .exited(0), "\(made.errorText)")
        let start = ContinuousClock.now
        let growth = try await copy(
            context, listing: "ls -f | wc -l; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | sha256sum")
        print("\(count) files in \(ContinuousClock.now - start), memory grew by \(growth >> 10) KiB")
        // The list of the files is there before. Beside the upload's buffers, nothing may grow with it.
        #expect(growth < 32 << 20)
    }

    @Test("A file of four gigabytes is copied in constant memory")
    func largeFile() async throws {
        let size = SeededNumbers.isSoak ? 4 << 30 : 192 << 20
        let context = try ScratchDirectory("large")
        let made = try await LocalHost().capture(
            RemoteCommand(
                """
                cd '\(context.path)' && truncate -s \(size) file &&
                for at in 0 1000 \(size / 2 - 3) \(size - 70000); do
                    head -c 65536 /dev/urandom | dd of=file bs=65536 oflag=seek_bytes seek=$at conv=notrunc 2>/dev/null || exit
                done
                """))
        #expect(made.status == .exited(0), "\(made.errorText)")
        let start = ContinuousClock.now
        let growth = try await copy(context, listing: "stat -c %s file; sha256sum file")
        print("\(size) bytes in \(ContinuousClock.now - start), memory grew by \(growth >> 10) KiB")
        #expect(growth < 16 << 20)
    }
}

extension SHA256.Digest {
    fileprivate var hexadecimal: String { map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined() }
}
