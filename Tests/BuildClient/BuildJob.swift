import BuildContexts
import Foundation
import GuestSupervisor
import ReplayEngine
public import ReplayPlan
import SSHTransport
public import SystemPackage

/// A build on a machine that runs already, as a file: the tests write it, and the client that they kill reads it.
public struct BuildJob: Codable {
    /// Where the machine's SSH server is, on this machine.
    public var port: Int
    /// Who logs in.
    public var user: String
    /// The user's private key.
    public var privateKey: String
    /// The server's key, as a line of authorized_keys.
    public var hostKey: String
    /// The build's name on the guest.
    public var build: String
    /// The build context.
    public var context: String
    /// What to do.
    public var plan: Plan
    /// The directory of the client's own files: the log, the progress.
    public var directory: String

    /// Makes a job.
    public init(
        port: Int, user: String, privateKey: String, hostKey: String, build: String, context: String, plan: Plan,
        directory: String
    ) {
        self.port = port
        self.user = user
        self.privateKey = privateKey
        self.hostKey = hostKey
        self.build = build
        self.context = context
        self.plan = plan
        self.directory = directory
    }

    /// The build's log.
    public var log: FilePath { FilePath(directory).appending("log") }

    /// Does the job, or what an earlier client has left of it, and removes the supervisor from the machine.
    /// - Returns: The steps' names on the guest.
    public func run() async throws -> [String] {
        var pacing = SSHConnector.Pacing()
        pacing.loginInterval = .milliseconds(20)
        pacing.penaltyPause = .milliseconds(20)
        let endpoint = SSHEndpoint(host: "127.0.0.1", port: port)
        let connector = SSHConnector(
            user: user, key: try SSHPrivateKey(privateKey), hostKey: .pinned(try SSHPublicKey(hostKey)), pacing: pacing
        ) { endpoint }
        // An earlier client may have died while it removed the supervisor: there is nothing left to be resumed then.
        let done = FilePath(directory).appending("done")
        if let ids = try? String(contentsOfFile: done.string, encoding: .utf8) {
            let replayer = try await Replayer.start(
                connector, options: SupervisorOptions(build: build), log: FilePath("/dev/null")
            ) { _ in }
            try await replayer.finish(remove: true)
            return ids.split(separator: " ").map(String.init)
        }
        let source = try DirectoryContext(root: FilePath(context), dockerfile: nil)
        let paths = try source.scan().items.map(\.path)
        let manifest = try await source.complete(source.scan(), for: ContextNeeds(digests: paths))
        let replayer = try await Replayer.start(
            connector, options: SupervisorOptions(build: build), log: log,
            progress: try BuildProgress(readingFrom: FilePath(directory).appending("progress"))
        ) { _ in }
        let results = try await replayer.resume(plan, archives: ContextArchives(source, manifest: manifest))
        let ids = results.map(\.id)
        try ids.joined(separator: " ").write(toFile: done.string, atomically: true, encoding: .utf8)
        try await replayer.finish(remove: true)
        return ids
    }
}
