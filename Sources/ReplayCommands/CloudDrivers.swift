import Clouds
import QEMUDriver
import Synchronization
import SystemCalls
import VSphereDriver

/// The drivers of the clouds, each made when it is first needed: an account that is not told is no error before.
final class CloudDrivers: Sendable {
    private let local: QEMUDriver
    private let flags: [String: String]
    private let environment: [String: String]
    private let vSphere = Mutex<VSphereDriver?>(nil)

    init(local: QEMUDriver, flags: [String: String], environment: [String: String]) {
        self.local = local
        self.flags = flags
        self.environment = environment
    }

    /// The driver of a cloud.
    /// - Throws: ``CloudError`` when the account is not told, ``UsageError`` for a cloud that does not exist.
    func driver(named name: String) throws -> any CloudDriver {
        switch name {
        case local.name: return local
        case "vsphere": return try vSphereDriver()
        default: throw UsageError("The cloud '\(name)' is none that this version knows.")
        }
    }

    /// The driver of vSphere.
    func vSphereDriver() throws -> VSphereDriver {
        if let known = vSphere.withLock({ $0 }) { return known }
        let settings = try CloudSettings(environment: environment)["vsphere"]
        let driver = VSphereDriver(
            account: try VSphereAccount(flags: flags, environment: environment, file: settings),
            places: VSpherePlaces(flags: flags, environment: environment, file: settings),
            owner: CurrentUser.atThisMachine)
        return vSphere.withLock { known in
            let first = known ?? driver
            known = first
            return first
        }
    }

    /// Ends sessions.
    func close() async { await vSphere.withLock { $0 }?.close() }
}
