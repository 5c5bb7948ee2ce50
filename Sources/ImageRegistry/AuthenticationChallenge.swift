internal import FoundationEssentials

/// What a registry asks for with status 401: `WWW-Authenticate: Bearer realm="…",service="…"` (RFC 9110 section 11.6.1).
struct AuthenticationChallenge: Equatable {
    /// `bearer` or `basic`.
    var scheme: String
    /// Its parameters by lower-case name.
    var parameters: [String: String]

    /// Reads the value of the header field; nil when it is no challenge.
    init?(_ text: String) {
        var rest = Substring(text)
        scheme = Self.word(&rest).lowercased()
        guard !scheme.isEmpty else { return nil }
        parameters = [:]
        while true {
            rest = rest.drop { $0 == " " || $0 == "," || $0 == "\t" }
            let name = Self.word(&rest).lowercased()
            guard !name.isEmpty, rest.first == "=" else { return }
            rest.removeFirst()
            parameters[name] = rest.first == "\"" ? Self.quoted(&rest) : Self.word(&rest)
        }
    }

    private static func word(_ rest: inout Substring) -> String {
        let word = rest.prefix { !" \t,=\"".contains($0) }
        rest = rest.dropFirst(word.count)
        return String(word)
    }

    private static func quoted(_ rest: inout Substring) -> String {
        var text = ""
        rest.removeFirst()
        while let character = rest.popFirst(), character != "\"" {
            text.append(character == "\\" ? rest.popFirst() ?? character : character)
        }
        return text
    }

    /// Where a token is to be had (distribution.github.io, "Token authentication"), or nil without a realm.
    func tokenURL(scope fallback: String) -> String? {
        guard let realm = parameters["realm"] else { return nil }
        let query = [
            parameters["service"].map { "service=\(Self.escaped($0))" },
            "scope=\(Self.escaped(parameters["scope"] ?? fallback))",
        ].compactMap { $0 }.joined(separator: "&")
        return realm + (realm.contains("?") ? "&" : "?") + query
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126, 47, 58: String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}

/// A name and a password for a registry. It shows neither.
public struct RegistryCredential: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    let user: String
    let password: String

    /// Makes a credential.
    public init(user: String, password: String) {
        self.user = user
        self.password = password
    }

    /// The value of an `Authorization` header field (RFC 7617).
    var basic: String { "Basic " + Data("\(user):\(password)".utf8).base64EncodedString() }

    /// Nothing of the password.
    public var description: String { "credentials" }
    /// Nothing at all.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
