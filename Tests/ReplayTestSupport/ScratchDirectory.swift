import Foundation
public import SystemPackage

/// A fresh directory under the system's temporary directory, removed with all that is in it when the body ends.
public struct ScratchDirectory: Sendable {
    /// The directory.
    public let path: FilePath

    /// Runs the body with a fresh directory.
    public static func with<Value>(_ body: (ScratchDirectory) async throws -> Value) async throws -> Value {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "replay-test-\(UUID().uuidString.lowercased())")
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: url) }
        return try await body(ScratchDirectory(path: FilePath(url.path)))
    }

    /// The path of something in the directory.
    public func callAsFunction(_ name: String) -> FilePath { path.appending(name) }

    /// Writes a file, with the directories above it, and answers its path.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> FilePath {
        let file = path.appending(name)
        try FileManager.default.createDirectory(
            atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file.string))
        return file
    }

    /// Writes a text file, with the directories above it, and answers its path.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> FilePath { try write(text.utf8, to: name) }

    /// The bytes of a file in the directory.
    public func read(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(filePath: path.appending(name).string)))
    }

    /// The names of what is in the directory, or one below it, sorted.
    public func names(in name: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path.appending(name).string).sorted()
    }
}
