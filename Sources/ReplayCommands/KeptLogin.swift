import Clouds
import FoundationEssentials
import SSHTransport
import SystemCalls
import SystemPackage

/// What a person needs to log in to a machine that was kept after a failure.
struct KeptLogin {
    /// The machine.
    var instance: Instance
    /// Who logs in.
    var user: String
    /// The machine's host key.
    var hostKey: SSHKeyPair
    /// The key that admits the user.
    var userKey: SSHKeyPair

    /// The login of a machine's user.
    init(_ machine: Machine, user: String) {
        instance = machine.instance
        self.user = user
        hostKey = machine.hostKey
        userKey = machine.userKey
    }

    /// Writes the key and the host's line for `known_hosts`, readable for this user only, into the machine's directory: they go with it.
    /// - Returns: The command that logs in.
    func write(to directory: FilePath, driver: any CloudDriver) async throws -> String {
        guard let address = try await driver.addresses(of: instance).first else {
            throw CloudError(.notFound, "The machine has no address any more.")
        }
        // A machine in a cloud has no files here, and so no directory yet.
        try FileManager.default.createDirectory(
            atPath: directory.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let key = directory.appending("login-key")
        let hosts = directory.appending("known-hosts")
        try AtomicFile.write(userKey.privateKey.text.utf8, to: key)
        try AtomicFile.write("[\(address.host)]:\(address.port) \(hostKey.publicKey)\n".utf8, to: hosts)
        return
            "ssh -i '\(key)' -o 'UserKnownHostsFile=\(hosts)' -o IdentitiesOnly=yes -p \(address.port) \(user)@\(address.host)"
    }
}
