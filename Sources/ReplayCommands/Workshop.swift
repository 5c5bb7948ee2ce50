import BaseImages
import Basemaps
import Clouds
import FoundationEssentials
import QEMUDriver
import RemoteHosts
import SSHTransport
import Store
import SystemPackage

/// What the verbs work with: the store, the cloud, and the ways from one to the other. The composition root.
struct Workshop: Sendable {
    /// The process's environment.
    let environment: [String: String]
    /// Builds, ledger, catalogue.
    let store: StoreDatabase
    /// The cloud that the user chose.
    let driver: any CloudDriver
    /// As the variable PATH: where local tools are.
    var searchPath: String { environment["PATH"] ?? "/usr/bin:/bin" }
    /// Where local machines' files are.
    let machineDirectories: QEMUDirectories

    /// Opens the store, making its directories.
    /// - Throws: ``UsageError`` for a cloud that does not exist; the store's errors.
    init(cloud: String = "qemu", environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        try Self.check(cloud: cloud)
        self.environment = environment
        let directories = try StoreDirectories.resolve(environment: environment)
        try directories.create()
        store = try StoreDatabase(directories)
        let images = BaseImageStore(cacheDirectory: directories.cache.appending("bases"))
        machineDirectories = QEMUDirectories(
            machines: directories.data.appending("builds"), cache: directories.cache, runtime: directories.runtime,
            environment: environment)
        driver = QEMUDriver(
            directories: machineDirectories,
            bases: { base, task, events in
                let image = try await images.prepare(base: base, task: task, events: events)
                return CloudImage(
                    cloud: "qemu", reference: image.path.string, digest: image.digest, origin: image.origin)
            },
            environment: environment)
    }

    /// Refuses a cloud that does not exist.
    static func check(cloud: String) throws {
        guard cloud == "qemu" else {
            throw UsageError("There is no cloud '\(cloud)' yet: --cloud qemu is the one there is.")
        }
    }

    /// Undoes builds.
    var cleanUp: CleanUp {
        CleanUp(ledger: store.ledger) { [driver] name in
            guard name == driver.name else {
                throw UsageError("The ledger names the cloud '\(name)', which this version does not know.")
            }
            return driver
        }
    }

    /// A connector to a machine: asks the driver for the address each time, and ends at once when the machine has died.
    func connector(to instance: Instance, user: String, hostKey: SSHPublicKey, userKey: SSHKeyPair) -> SSHConnector {
        SSHConnector(
            user: user, key: userKey.privateKey, hostKey: .pinned(hostKey),
            isAlive: { [driver] in try await driver.requireRunning(instance) },
            resolve: { [driver] in
                try await driver.addresses(of: instance).first.map { SSHEndpoint(host: $0.host, port: $0.port) }
            })
    }

    /// Runs the body for as long as the machine runs: a guest whose disk is full, or whose QEMU died, would otherwise be
    /// noticed only when its silence has lasted long enough.
    func whileRunning<Result: Sendable>(
        _ instance: Instance, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask { [driver] in
                while true {
                    try await Task.sleep(for: .milliseconds(500))
                    try await driver.requireRunning(instance)
                }
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}

extension CloudDriver {
    /// Throws what became of a machine that runs no more.
    func requireRunning(_ instance: Instance) async throws {
        switch try await state(of: instance) {
        case .starting, .running: break
        case .stopped: throw CloudError(.launchFailed, "The machine powered itself off.")
        case .failed(let reason): throw CloudError(.launchFailed, "The machine failed: \(reason)")
        case .absent: throw CloudError(.notFound, "The machine does not exist any more.")
        }
    }
}
