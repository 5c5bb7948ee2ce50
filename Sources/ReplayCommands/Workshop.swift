import BaseImages
import Basemaps
import Clouds
import FoundationEssentials
import QEMUDriver
import RemoteHosts
import SSHTransport
import Store
import SystemPackage
import Templates

/// What the verbs work with: the store, the cloud, and the ways from one to the other. The composition root.
struct Workshop: Sendable {
    /// The process's environment.
    let environment: [String: String]
    /// Builds, ledger, catalogue.
    let store: StoreDatabase
    /// The cloud that the user chose.
    var driver: any CloudDriver
    /// As the variable PATH: where local tools are.
    var searchPath: String { environment["PATH"] ?? "/usr/bin:/bin" }
    /// Where local machines' files are.
    let machineDirectories: QEMUDirectories

    /// The drivers of all clouds that this version knows, each made when it is first needed.
    private let drivers: CloudDrivers

    /// Opens the store, making its directories.
    /// - Parameter flags: What the command line says about the cloud.
    /// - Throws: ``UsageError`` for a cloud that does not exist; the store's errors; the cloud's when its account is not told.
    init(
        cloud: String = "qemu", flags: [String: String] = [:],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        try Self.check(cloud: cloud)
        self.environment = environment
        let directories = try StoreDirectories.resolve(environment: environment)
        try directories.create()
        store = try StoreDatabase(directories)
        let images = BaseImageStore(cacheDirectory: directories.cache.appending("bases"))
        machineDirectories = QEMUDirectories(
            machines: directories.data.appending("builds"), cache: directories.cache, runtime: directories.runtime,
            environment: environment)
        let local = QEMUDriver(
            directories: machineDirectories,
            bases: { base, task, events in
                let image = try await images.prepare(base: base, task: task, events: events)
                return CloudImage(
                    cloud: "qemu", reference: image.path.string, digest: image.digest, origin: image.origin)
            },
            environment: environment)
        drivers = CloudDrivers(local: local, flags: flags, environment: environment)
        driver = try drivers.driver(named: cloud)
    }

    /// The clouds that there are.
    static let clouds = ["qemu", "vsphere"]

    /// Refuses a cloud that does not exist.
    static func check(cloud: String) throws {
        guard clouds.contains(cloud) else {
            throw UsageError("There is no cloud '\(cloud)': --cloud takes \(clouds.joined(separator: " or ")).")
        }
    }

    /// The same store with the cloud where a template is.
    func workshop(for template: Template) throws -> Workshop {
        guard template.image.cloud != driver.name else { return self }
        var other = self
        other.driver = try drivers.driver(named: template.image.cloud)
        return other
    }

    /// Destroys the image of a template that the store has removed; a local one went with the template's directory.
    func removeImage(of template: Template) async throws {
        let cloud = try workshop(for: template).driver
        guard !cloud.capabilities.localImages else { return }
        try await whileOpen {
            try await cloud.destroy(
                Resource(
                    cloud: cloud.name, kind: .virtualMachine, build: template.build ?? .random(),
                    token: template.image.reference, reference: template.image.reference))
        }
    }

    /// Runs a body and ends what the drivers hold at their clouds, however the body ends.
    func whileOpen<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            await close()
            return result
        } catch {
            await close()
            throw error
        }
    }

    private func close() async {
        let drivers = drivers
        await uncancelled { await drivers.close() }
    }

    /// Undoes builds.
    var cleanUp: CleanUp {
        CleanUp(ledger: store.ledger) { [drivers] name in try drivers.driver(named: name) }
    }

    /// A connector to a machine: asks the driver for the address each time, and ends at once when the machine has died.
    func connector(to instance: Instance, user: String, hostKey: SSHPublicKey, userKey: SSHKeyPair) -> SSHConnector {
        SSHConnector(
            user: user, key: userKey.privateKey, hostKey: .pinned(hostKey),
            isAlive: { [driver] in try await driver.requireRunning(instance) },
            candidates: { [driver] in
                try await driver.addresses(of: instance).map { SSHEndpoint(host: $0.host, port: $0.port) }
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
