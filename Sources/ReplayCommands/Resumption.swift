import Capture
import Clouds
import FoundationEssentials
import GuestSupervisor
import MachineServices
import RemoteHosts
import SSHTransport
import Store
import SystemCalls
import SystemPackage

/// What a process needs to go on with a build that another one has begun.
///
/// It holds the machine's keys and the values of build arguments: its file is readable for this user only, and goes when the
/// build is over.
struct Resumption: Codable, Sendable {
    /// The command line that began the build, without the program's name.
    var arguments: [String]
    /// The directory that its relative paths start from.
    var directory: String
    /// The environment's variables that its `--build-arg NAME`s stand for.
    var variables: [String: String]
    /// The machine, in its cloud's words.
    var instance = ""
    /// The base image that it was started from.
    var base: CloudImage?
    /// How many processes have gone on with it.
    var takeovers = 0
    private var hostKey: [String] = []
    private var userKey: [String] = []
    /// Set from the moment on in which nobody may be able to log in any more.
    var seal: Seal?

    /// What has to be known when the machine can no longer be asked.
    struct Seal: Codable, Sendable {
        /// Digests of what was replayed: of the Dockerfile and of the last step, which covers all before it and their files.
        var source: [String]
        /// The seal's word, by which its line on the console is known.
        var nonce: String
        /// How long the plan's steps took.
        var seconds: [Double]
        /// What the machine's set-up has found.
        var report: SetupReport
    }

    /// The notes of a build that begins.
    init(arguments: [String], directory: String, variables: [String: String]) {
        self.arguments = arguments
        self.directory = directory
        self.variables = variables
    }

    /// Reads another process's notes.
    /// - Throws: ``UsageError`` when there are none: the build had no machine yet.
    init(of build: RunningBuild) throws {
        do {
            self = try JSONDecoder().decode(Resumption.self, from: Data(SmallFile.read(build.resumption)))
        } catch {
            throw UsageError(
                "The build \(build.id) cannot be gone on with, since it had no machine yet or was begun by another version: "
                    + "'replay gc' removes what it left.")
        }
    }

    /// Notes the machine. A later machine takes the place of an earlier one.
    mutating func note(_ machine: Machine) {
        instance = machine.instance.reference
        hostKey = [machine.hostKey.privateKey.text, machine.hostKey.publicKey.description]
        userKey = [machine.userKey.privateKey.text, machine.userKey.publicKey.description]
    }

    /// Writes the notes beside the build's log.
    func write(for build: RunningBuild) throws {
        try AtomicFile.write(JSONEncoder().encode(self), to: build.resumption)
    }

    /// The machine.
    func machine(of build: RunningBuild, in workshop: Workshop) throws -> Machine {
        func pair(_ texts: [String]) throws -> SSHKeyPair {
            guard texts.count == 2 else { throw UsageError("The build \(build.id) has left no key to its machine.") }
            return SSHKeyPair(privateKey: try SSHPrivateKey(texts[0]), publicKey: try SSHPublicKey(texts[1]))
        }
        return workshop.machine(
            Instance(build: build.id, reference: instance, start: .booted), of: build, user: GuestAccess.buildUser,
            hostKey: try pair(hostKey), userKey: try pair(userKey))
    }
}

extension Machine {
    /// Whether the seal that was noted has been started on the machine: it is off, or lets nobody in any more, or says so.
    func sealHasBegun() async throws -> Bool {
        let host: any RemoteHost
        do { host = try await connector.connect(until: .now + .seconds(60)) } catch let error as CancellationError {
            throw error
        } catch { return true }
        let journal = SupervisorOptions(build: build.id.text).stateDirectory + "/journal"
        let answer = try? await host.capture(RemoteCommand("sudo -n cat \(journal)"))
        await host.close()
        guard let answer, answer.status == .exited(0) else { return true }
        return answer.text.contains("started seal")
    }
}
