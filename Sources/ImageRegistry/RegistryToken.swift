internal import FoundationEssentials

/// What a registry's token service answers.
struct RegistryToken {
    /// The token.
    let text: String

    private struct Answer: Decodable {
        var token: String?
        var access_token: String?
    }

    init(_ bytes: [UInt8], registry: String) throws {
        // Either name is allowed (distribution.github.io, "Token authentication").
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes))
        guard let text = answer?.token ?? answer?.access_token, !text.isEmpty else {
            throw RegistryError(.unauthorized, "The token service of the registry \(registry) gave no token.")
        }
        self.text = text
    }
}
