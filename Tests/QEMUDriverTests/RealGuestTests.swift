import Clouds
import Foundation
import ReplayEvents
import ReplayTestSupport
import SystemCalls
import SystemPackage
import Testing

@testable import QEMUDriver

/// One Linux guest from its first boot to a copy of what was captured from it, with OpenSSH's client. Slow: the image is
/// given by hand, as `REPLAY_TEST_IMAGE=/path/to/image.qcow2`.
@Suite("A real guest", .enabled(if: QEMUFixture.isPossible, QEMUFixture.needs))
struct RealGuestTests {
    private static let image = ProcessInfo.processInfo.environment["REPLAY_TEST_IMAGE"]

    /// Keys in a directory, and the client that uses them.
    private struct Keys {
        let scratch: ScratchDirectory
        var access: GuestAccess

        init(_ scratch: ScratchDirectory, user: String) async throws {
            self.scratch = scratch
            for name in ["host", "user"] {
                let path = scratch("\(user)-\(name)").string
                _ = try await LocalCommand("/usr/bin/ssh-keygen", ["-qt", "ed25519", "-N", "", "-C", "", "-f", path])
                    .run()
            }
            func text(_ name: String) throws -> String {
                String(decoding: try scratch.read("\(user)-\(name)"), as: UTF8.self)
            }
            access = GuestAccess(
                user: user, hostPrivateKey: try text("host"),
                hostPublicKey: try text("host.pub").trimmingCharacters(in: .whitespacesAndNewlines),
                userPublicKeys: [try text("user.pub").trimmingCharacters(in: .whitespacesAndNewlines)])
        }

        func ssh(_ address: GuestAddress, _ command: String, as user: String? = nil) async throws -> LocalCommand.Answer
        {
            try scratch.write("[\(address.host)]:\(address.port) \(access.hostPublicKey)\n", to: "known")
            return try await LocalCommand(
                "/usr/bin/ssh",
                [
                    "-F", "none", "-i", scratch("\(access.user)-user").string, "-p", "\(address.port)", "-T",
                    "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes",
                    "-o", "UserKnownHostsFile=\(scratch("known"))", "-o", "ConnectTimeout=10",
                    "\(user ?? access.user)@\(address.host)", command,
                ]
            ).run()
        }

        func wait(_ fixture: QEMUFixture, _ instance: Instance) async throws -> GuestAddress {
            let address = try #require(try await fixture.driver.addresses(of: instance).first)
            do {
                // An attempt that is let in ends it; sshd holds back who comes too often.
                return try await Waiter(firstPause: .seconds(2), longestPause: .seconds(3)).wait(
                    for: "SSH", within: .seconds(300)
                ) { try await ssh(address, "true").succeeded ? address : nil }
            } catch {
                print(await fixture.driver.consoleLines(of: instance, count: 60).joined(separator: "\n"))
                throw error
            }
        }
    }

    @Test(.enabled(if: image != nil, "needs REPLAY_TEST_IMAGE, an image with cloud-init"), .timeLimit(.minutes(15)))
    func bootsAdmitsIsCapturedAndBootsAgain() async throws {
        let path = try #require(Self.image)
        let clock = ContinuousClock()
        try await QEMUFixture.with { fixture in
            let keys = try await Keys(fixture.scratch, user: GuestAccess.buildUser)
            let build = BuildID.random()
            let spec = InstanceSpec(
                build: build, cpus: 2, memoryMiB: 1024, diskGiB: 6, seed: CloudConfig.build(build, access: keys.access))
            let base = CloudImage(cloud: "qemu", reference: path, digest: nil, origin: "test")
            let start = clock.now
            let instance = try await fixture.driver.launch(
                spec, from: .image(base), ledger: fixture.ledger, events: fixture.observe)
            let address = try await keys.wait(fixture, instance)
            print("first boot to SSH:", start.duration(to: clock.now))

            let ready = try await keys.ssh(
                address,
                "sudo cloud-init status --wait >/dev/null; sudo cloud-init status; sudo systemctl --failed --no-legend")
            #expect(ready.output == "status: done\n")
            print("cloud-init done:", start.duration(to: clock.now))
            #expect(try await keys.ssh(address, "id -u; sudo -n id -u").output == "60706\n0\n")
            #expect(try await keys.ssh(address, "getent group 1000 | wc -l").output == "0\n")
            #expect(try await !keys.ssh(address, "true", as: "root").succeeded)
            let size = try await keys.ssh(address, "df -BM --output=size / | tail -1").output
            #expect((Int(size.filter(\.isNumber)) ?? 0) > 5000, "\(size)")
            let hostKeys = try await keys.ssh(address, "ls /etc/ssh/ssh_host_*").output
            #expect(hostKeys == "/etc/ssh/ssh_host_ed25519_key\n/etc/ssh/ssh_host_ed25519_key.pub\n")
            #expect(try await keys.ssh(address, "getent hosts $(hostname) | wc -l").output == "1\n")

            // The next boot is a new machine's only if the state of this one is gone.
            _ = try await keys.ssh(
                address, "sudo cloud-init clean --logs && sudo sh -c ': >/etc/machine-id; rm /etc/ssh/ssh_host_*; sync'"
            )
            let off = clock.now
            try await fixture.driver.stop(instance, graceful: true)
            try await Waiter().wait(until: .stopped, of: instance, on: fixture.driver, within: .seconds(120))
            print("power-off:", off.duration(to: clock.now))

            let captured = clock.now
            let image = try await fixture.driver.capture(
                instance, as: CaptureRequest(destination: fixture.scratch.path.string, name: "real:1"),
                ledger: fixture.ledger, task: TaskID("capture")
            ) { _ in }
            let bytes = try FilePath(image.reference).stat().size
            print("capture:", captured.duration(to: clock.now), "for \(bytes >> 20) MiB")

            let rootKeys = try await Keys(fixture.scratch, user: "root")
            let boot = BuildID.random()
            let copy = try await fixture.driver.launch(
                InstanceSpec(
                    build: boot, cpus: 2, memoryMiB: 1024, diskGiB: nil,
                    seed: CloudConfig.template(boot, access: rootKeys.access, hostName: "copy")),
                from: .image(image), ledger: fixture.ledger, events: fixture.observe)
            let again = clock.now
            let copied = try await rootKeys.wait(fixture, copy)
            print("template boot to SSH:", again.duration(to: clock.now))
            let identity = try await rootKeys.ssh(copied, "id -un; hostname")
            #expect(identity.output == "root\ncopy\n", "\(identity)")
        }
    }
}
