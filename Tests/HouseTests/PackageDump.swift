import Foundation
import Subprocess
import SystemPackage

/// What `swift package dump-package` says of the targets.
struct PackageDump: Decodable, Sendable {
    struct Target: Decodable, Sendable {
        var name: String
        var isTest: Bool
        /// Our targets, and the products of others.
        var dependencies: [String]
        /// The folder, where it is not `Sources/NAME`.
        var path: String?

        init(_ name: String, _ dependencies: [String], isTest: Bool = false) {
            self.name = name
            self.isTest = isTest
            self.dependencies = dependencies
        }

        private enum Key: CodingKey { case name, type, dependencies, path }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            name = try container.decode(String.self, forKey: .name)
            path = try container.decodeIfPresent(String.self, forKey: .path)
            isTest = try container.decode(String.self, forKey: .type) == "test" || path?.hasPrefix("Tests/") == true
            // Each is an object of one key (`byName`, `product`, `target`) whose value is a list that begins with the name.
            dependencies = try container.decode([[String: [Name?]]].self, forKey: .dependencies).flatMap { dependency in
                dependency.values.compactMap { $0.first??.text }
            }
        }
    }

    /// The first member of such a list is text; the others may be anything.
    private struct Name: Decodable {
        var text: String?
        init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
    }

    var targets: [Target]

    /// The folder of this package.
    static let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()

    /// Asks SwiftPM. With a build directory of its own: the real one is locked while the tests run.
    static func ofThisPackage() async throws -> PackageDump {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("replay-house-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let result = try await run(
            .name("swift"),
            arguments: ["package", "--scratch-path", scratch.path, "--package-path", root.string, "dump-package"],
            output: .bytes(limit: 1 << 22), error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            throw Failure(text: "swift package dump-package failed: \(result.standardError)")
        }
        return try JSONDecoder().decode(PackageDump.self, from: Data(result.standardOutput))
    }

    struct Failure: Error, CustomStringConvertible {
        var text: String
        var description: String { text }
    }
}
