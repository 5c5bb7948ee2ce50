internal import Clouds
internal import Foundation
internal import HTTPTransport
internal import SystemPackage

/// Where a vCenter is and who logs in there.
public struct VSphereAccount: Sendable {
    /// `https://HOST/sdk`.
    public var url: String
    /// The user's name, with its domain: `administrator@vsphere.local`.
    public var user: String
    /// The password. It is sent in the login only and shown nowhere.
    public var password: String
    /// A PEM file of the authorities to trust, instead of the system's.
    public var authorities: String?
    /// The SHA-256 or SHA-1 of the only certificate to trust.
    public var thumbprint: String?

    /// Makes an account.
    public init(url: String, user: String, password: String, authorities: String? = nil, thumbprint: String? = nil) {
        self.url = url
        self.user = user
        self.password = password
        self.authorities = authorities
        self.thumbprint = thumbprint
    }

    /// Finds out whose certificates count. With a thumbprint the server's certificate is fetched and compared, and its key is the
    /// only one from then on.
    /// - Throws: ``CloudError`` when the server shows another certificate.
    func trust() async throws -> HTTPTrust {
        guard let thumbprint else { return authorities.map { .authorities(FilePath($0)) } ?? .system }
        let certificate: ServerCertificate
        do { certificate = try await ServerCertificate.fetch(from: url) } catch let error as HTTPError {
            throw CloudError(.launchFailed, "The vCenter cannot be reached: \(error.message)", cause: error.cause)
        }
        guard certificate.matches(thumbprint: thumbprint) else {
            throw CloudError(
                .missingPrerequisite,
                "\(url) shows another certificate than the one whose thumbprint was given: somebody may be in between, or it was renewed.",
                context: ["It shows SHA-256 \(certificate.thumbprintSHA256)", "and was to be \(thumbprint)"])
        }
        return .pinned(publicKeyDigest: certificate.publicKeyDigest)
    }
}

extension VSphereAccount {
    /// Finds the account in the environment's variables and the settings of `clouds.yaml`.
    ///
    /// - Parameters:
    ///   - flags: What the command line says; it goes before all else.
    ///   - environment: `GOVC_URL`, `GOVC_USERNAME`, `GOVC_PASSWORD`, `GOVC_TLS_CA_CERTS`, `GOVC_THUMBPRINT` as govc reads them;
    ///     `VSPHERE_SERVER`, `VSPHERE_USER`, `VSPHERE_PASSWORD`, `VSPHERE_CA_FILE`, `VSPHERE_THUMBPRINT` as others do.
    ///   - file: The `vsphere` mapping of `clouds.yaml`.
    /// - Throws: ``CloudError`` with ``CloudError/Code/missingPrerequisite``.
    public init(flags: [String: String], environment: [String: String], file: [String: String]) throws {
        func value(_ key: String, _ names: String...) -> String? {
            let found = [flags[key]] + names.map { environment[$0] } + [file[key]]
            return found.lazy.compactMap(\.self).first { !$0.isEmpty }
        }
        guard let given = value("server", "GOVC_URL", "VSPHERE_SERVER") else {
            throw CloudError(
                .missingPrerequisite,
                "No vCenter is named: set GOVC_URL or VSPHERE_SERVER, or 'server' below 'vsphere' in clouds.yaml.")
        }
        let address = try VCenterAddress(given)
        for name in ["GOVC_INSECURE", "VSPHERE_INSECURE", "VSPHERE_ALLOW_UNVERIFIED_SSL"] {
            guard let text = environment[name]?.lowercased(), ["1", "true", "yes"].contains(text) else { continue }
            if value("thumbprint", "GOVC_THUMBPRINT", "VSPHERE_THUMBPRINT") != nil { continue }
            throw CloudError(
                .missingPrerequisite,
                "\(name) asks for a connection to a server that nobody has verified. Give its certificate's thumbprint instead (--thumbprint, GOVC_THUMBPRINT), or its authority (--ca-file, GOVC_TLS_CA_CERTS).",
                context: ["'replay doctor --cloud vsphere' shows the thumbprint that the server has now."])
        }
        guard let user = value("user", "GOVC_USERNAME", "VSPHERE_USER") ?? address.user else {
            throw CloudError(
                .missingPrerequisite, "No user is named for \(address.url): set GOVC_USERNAME or VSPHERE_USER.")
        }
        guard let password = value("password", "GOVC_PASSWORD", "VSPHERE_PASSWORD") ?? address.password else {
            throw CloudError(
                .missingPrerequisite,
                "There is no password for '\(user)' at \(address.url): set GOVC_PASSWORD or VSPHERE_PASSWORD, or 'password' in clouds.yaml (mode 0600)."
            )
        }
        self.init(
            url: address.url, user: user, password: password,
            authorities: value("ca-file", "GOVC_TLS_CA_CERTS", "VSPHERE_CA_FILE"),
            thumbprint: value("thumbprint", "GOVC_THUMBPRINT", "VSPHERE_THUMBPRINT"))
    }
}

/// A server's address as users write it: `vcenter.example`, `https://user:password@vcenter.example/sdk`.
struct VCenterAddress {
    var url: String
    var user: String?
    var password: String?

    init(_ text: String) throws {
        var rest = Substring(text)
        if let scheme = rest.firstRange(of: "://") {
            guard rest[..<scheme.lowerBound].lowercased() == "https" else {
                throw CloudError(.missingPrerequisite, "The vCenter's address must begin with https://.")
            }
            rest = rest[scheme.upperBound...]
        }
        if let at = rest.lastIndex(of: "@") {
            let credentials = rest[..<at].split(separator: ":", maxSplits: 1)
            user = credentials.first.map(Self.decoded)
            password = credentials.count > 1 ? Self.decoded(credentials[1]) : nil
            rest = rest[rest.index(after: at)...]
        }
        let host = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest.dropFirst(host.count).prefix { $0 != "?" }
        guard !host.isEmpty else { throw CloudError(.missingPrerequisite, "The vCenter's address names no host.") }
        url = "https://\(host)" + (path.isEmpty || path == "/" ? "/sdk" : path)
    }

    private static func decoded(_ text: Substring) -> String { String(text).removingPercentEncoding ?? String(text) }
}
