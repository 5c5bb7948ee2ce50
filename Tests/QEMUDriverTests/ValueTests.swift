import Clouds
import SystemPackage
import Testing

@testable import QEMUDriver

@Suite("What QEMU says is understood")
struct ValueTests {
    typealias Forward = MachineArguments.Forward

    @Test func theTableOfForwardsIsRead() {
        let table = """
            Hub -1 (net):
              Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
              TCP[ESTABLISHED]   13       127.0.0.1 40000       10.0.2.15    22     0     0
              TCP[HOST_FORWARD]  11       127.0.0.1 43881       10.0.2.15    22     0     0
              TCP[HOST_FORWARD]   9         0.0.0.0  8080       10.0.2.15    80     0     0
              TCP[HOST_FORWARD]   8       127.0.0.1 36173       10.0.2.15    80     0     0
            """.replacing("\n", with: "\r\n")
        let wanted = [
            Forward(hostAddress: "127.0.0.1", hostPort: 0, guestPort: 22),
            Forward(hostAddress: "127.0.0.1", hostPort: 0, guestPort: 80),
            Forward(hostAddress: "0.0.0.0", hostPort: 8080, guestPort: 80),
        ]
        let found = MachineRecord.forwards(wanted, in: table)
        #expect(
            found == [
                Forward(hostAddress: "127.0.0.1", hostPort: 43881, guestPort: 22),
                Forward(hostAddress: "127.0.0.1", hostPort: 36173, guestPort: 80),
                Forward(hostAddress: "0.0.0.0", hostPort: 8080, guestPort: 80),
            ])
        #expect(MachineRecord.forwards(wanted, in: "") == nil)
    }

    @Test(arguments: [
        (MachineEnd(status: 0, signal: nil, cause: "guest-shutdown", complaint: ""), true),
        (MachineEnd(status: 0, signal: nil, cause: "host-qmp-quit", complaint: ""), true),
        (MachineEnd(status: 0, signal: nil, cause: nil, complaint: ""), true),
        (MachineEnd(status: 0, signal: nil, cause: "guest-panic", complaint: ""), false),
        (MachineEnd(status: 0, signal: nil, cause: "host-signal", complaint: ""), false),
        (MachineEnd(status: 0, signal: nil, cause: nil, complaint: "terminating on signal 15 from pid 1"), false),
        (MachineEnd(status: 1, signal: nil, cause: nil, complaint: "no such device"), false),
        (MachineEnd(status: nil, signal: 9, cause: "guest-shutdown", complaint: ""), false),
    ])
    func onlyAPowerOffIsAStop(end: MachineEnd, isStopped: Bool) {
        #expect((end.state == .stopped) == isStopped)
    }

    @Test func nothingSecretAndNoRawOptionIsInTheArguments() throws {
        let spec = InstanceSpec(
            build: .random(), cpus: 2, memoryMiB: 512, diskGiB: nil,
            seed: GuestSeed(userData: "SECRET", metaData: "SECRET"))
        let directories = QEMUDirectories(machines: "/m,a=b", cache: "/c", runtime: "/r,x", environment: [:])
        let paths = MachinePaths(spec.build, in: directories)
        let words = try MachineArguments(spec, acceleration: .tcg).words(paths)
        #expect(!words.contains { $0.contains("SECRET") })
        #expect(words.contains("replay-\(spec.build)"))
        #expect(words.contains("file,id=console,append=on,path=/m,,a=b/\(spec.build)/console.log"))
        #expect(words.contains("socket,id=qmp,server=on,wait=off,path=/r,,x/\(spec.build).qmp"))
    }

    @Test(arguments: [
        ([:], "/tmp/replay-"), (["XDG_RUNTIME_DIR": "/tmp"], "/tmp/replay"),
        (["XDG_RUNTIME_DIR": "/nonexistent"], "/tmp/replay-"), (["XDG_RUNTIME_DIR": "relative"], "/tmp/replay-"),
    ])
    func theRuntimeDirectoryIsShort(environment: [String: String], prefix: String) {
        let directories = QEMUDirectories(machines: "/m", cache: "/c", environment: environment)
        #expect(directories.runtime.string.hasPrefix(prefix))
    }
}
