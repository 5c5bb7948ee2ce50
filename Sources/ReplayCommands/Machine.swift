import Clouds
import RemoteHosts
import ReplayEvents
import SSHTransport
import Store
import SystemCalls

/// A machine that was made for one command: a build's, or a throw-away copy of a template.
struct Machine: Sendable {
    /// The record that stands for it in the store.
    var build: RunningBuild
    /// The machine.
    var instance: Instance
    /// Opens connections to it, with its host key pinned.
    var connector: SSHConnector
    /// The key that it shows, as it was injected.
    var hostKey: SSHKeyPair
    /// The key that admits us.
    var userKey: SSHKeyPair
    /// The line of `authorized_keys` that admits us.
    var publicKey: String { userKey.publicKey.description }
}

/// What a machine is made for.
struct MachineRequest {
    /// What the user calls it.
    var name: String
    /// Build or boot.
    var purpose: BuildRecord.Purpose
    /// The size and so on.
    var options: MachineOptions
    /// Ports of this machine that lead into the guest.
    var forwards: [PortForward] = []
    /// Raw disk images that the guest gets to read.
    var attachedDisks: [String] = []
    /// Who logs in: the build user, or `root`.
    var user: String
    /// Further keys that admit the user.
    var furtherKeys: [String] = []
    /// Whether the machine stays when the body fails.
    var keepsOnError = false
}

/// A machine did not come up, or did not let us in. Holds the last lines of its console.
struct BootFailure: Error {
    /// What failed.
    var cause: any Error
    /// The console's last lines, made safe for showing.
    var console: [String]
    /// Why the machine runs no more, when it ended in a way that nobody asked for.
    var end: String?
}

extension Workshop {
    /// Makes a machine, connects to it, hands both to the body, and gets rid of the machine and of all that was made with it,
    /// however the body ends.
    ///
    /// - Parameters:
    ///   - id: The boot's task on the screen.
    ///   - label: What the screen shows while the machine boots.
    ///   - source: Finds what to start from; called when the build is already known to the store.
    ///   - seed: Makes cloud-init's texts.
    ///   - launched: Called when the machine exists; once more when it is started once more.
    ///   - connect: Returns when the machine lets us in.
    ///   - body: Works with the machine.
    func withMachine<Link: Sendable, Result: Sendable>(
        _ request: MachineRequest, task id: TaskID = "boot", label: String, events: @escaping EventHandler,
        source: (RunningBuild) async throws -> LaunchSource, seed: (BuildID, GuestAccess) -> GuestSeed,
        launched: (Machine) throws -> Void = { _ in },
        connect: (Machine) async throws -> Link, body: (Machine, Link) async throws -> Result
    ) async throws -> Result {
        let build = try await store.builds.begin(name: request.name, purpose: request.purpose)
        CrashPoint.buildAnnounced.pass()
        return try await concluding(build, events: events) { login in
            let hostKey = try SSHKeyPair.ed25519(comment: "replay-\(build.id)")
            let userKey = try SSHKeyPair.ed25519(comment: "replay-\(build.id)")
            let access = GuestAccess(
                user: request.user, hostPrivateKey: hostKey.privateKey.text,
                hostPublicKey: hostKey.publicKey.description,
                userPublicKeys: [userKey.publicKey.description] + request.furtherKeys)
            let source = try await source(build)
            var spec = InstanceSpec(
                build: build.id, cpus: request.options.cpus, memoryMiB: request.options.memory,
                diskGiB: request.options.disk, seed: seed(build.id, access), forwards: request.forwards)
            spec.attachedDisks = request.attachedDisks
            let (machine, link) = try await task(id, label, events: events) {
                try await bootTwiceAtMost(build.id, events: events) { () async throws -> (Machine, Link) in
                    let instance = try await driver.launch(spec, from: source, ledger: store.ledger, events: events)
                    CrashPoint.machineLaunched.pass()
                    let machine = self.machine(
                        instance, of: build, user: request.user, hostKey: hostKey, userKey: userKey)
                    if request.keepsOnError { login = KeptLogin(machine, user: request.user) }
                    try launched(machine)
                    do {
                        return (machine, try await connect(machine))
                    } catch is CancellationError {
                        throw CancellationError()
                    } catch {
                        throw await bootFailure(of: instance, cause: error)
                    }
                }
            }
            return try await body(machine, link)
        }
    }

    /// Ends the build when the body ends: all that was made is undone, unless the body fails and has named a machine to keep,
    /// which still runs.
    func concluding<Result>(
        _ build: RunningBuild, events: @escaping EventHandler, _ body: (inout KeptLogin?) async throws -> Result
    ) async throws -> Result {
        var login: KeptLogin?
        do {
            let result = try await body(&login)
            await finish(build, as: .done, events: events)
            return result
        } catch {
            if let login, !(error is CancellationError), case .running? = try? await driver.state(of: login.instance) {
                try await keep(build, login, events: events)
            } else {
                await finish(build, as: .failed, events: events)
            }
            throw error
        }
    }

    /// A machine that exists.
    func machine(
        _ instance: Instance, of build: RunningBuild, user: String, hostKey: SSHKeyPair, userKey: SSHKeyPair
    ) -> Machine {
        Machine(
            build: build, instance: instance,
            connector: connector(to: instance, user: user, hostKey: hostKey.publicKey, userKey: userKey),
            hostKey: hostKey, userKey: userKey)
    }

    /// Boots, and once more when the machine itself died meanwhile: an emulator that crashes now and then is no reason to fail
    /// a build of which no step has run yet. A guest that lives and does not let us in gets no second chance.
    private func bootTwiceAtMost<Result>(
        _ build: BuildID, events: @escaping EventHandler, _ boot: () async throws -> Result
    ) async throws -> Result {
        do { return try await boot() } catch let failure as BootFailure {
            guard let end = failure.end else { throw failure }
            events(.warning("The machine died while it booted: \(end) It is started once more."))
            let failures = await cleanUp.undo(build)
            guard failures.isEmpty else { throw failure }
            return try await boot()
        }
    }

    private func bootFailure(of instance: Instance, cause: any Error) async -> BootFailure {
        var failure = BootFailure(cause: cause, console: await driver.consoleLines(of: instance))
        if case .failed(let reason)? = try? await driver.state(of: instance) { failure.end = reason }
        return failure
    }

    /// Undoes what was made and notes the end. What could not be undone stays in the ledger and is told.
    func finish(_ build: RunningBuild, as state: BuildRecord.State, events: @escaping EventHandler) async {
        let cleanUp = cleanUp
        await uncancelled {
            var failures = await cleanUp.undo(build.id)
            do { try await build.finish(state) } catch { failures.append("\(error)") }
            for failure in failures { events(.warning("\(failure) 'replay gc' tries again.")) }
        }
    }

    private func keep(_ build: RunningBuild, _ login: KeptLogin, events: @escaping EventHandler) async throws {
        let command = try await login.write(to: build.workDirectory, driver: driver)
        try await build.finish(.kept)
        let goOn = build.record.purpose == .build ? "go on with 'replay resume \(build.id)', " : ""
        events(.notice("The machine was kept: log in with\n  \(command)\n\(goOn)and end it with 'replay gc --kept'."))
    }
}
