import Foundation
public import SystemPackage

/// A fresh directory under the system's temporary directory, removed with all that is in it when the body of `with`
/// ends, or when the value is released.
public final class ScratchDirectory: Sendable {
    /// The directory.
    public let path: FilePath

    /// Makes the directory, for its owner only.
    public init(_ label: String = "test") throws {
        let name = "replay-\(label)-\(UUID().uuidString.prefix(13).lowercased())"
        path = FilePath(FileManager.default.temporaryDirectory.path).appending(name)
        try FileManager.default.createDirectory(
            atPath: path.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { remove() }

    /// Runs the body with a fresh directory.
    public static func with<Value>(_ body: (ScratchDirectory) async throws -> Value) async throws -> Value {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        return try await body(scratch)
    }

    /// Removes the directory now.
    public func remove() {
        try? FileManager.default.removeItem(atPath: path.string)
    }

    /// The path of something in the directory.
    public func callAsFunction(_ name: String) -> FilePath { path.appending(name) }

    /// Writes a file, with the directories above it, and answers its path.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, to name: String, mode: Int = 0o644) throws -> FilePath {
        let file = path.appending(name)
        try FileManager.default.createDirectory(
            atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file.string))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.string)
        return file
    }

    /// Writes a text file, with the directories above it, and answers its path.
    @discardableResult
    public func write(_ text: String, to name: String, mode: Int = 0o644) throws -> FilePath {
        try write(text.utf8, to: name, mode: mode)
    }

    /// The bytes of a file in the directory.
    public func read(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(filePath: path.appending(name).string)))
    }

    /// Whether the directory holds something of this name.
    public func holds(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: path.appending(name).string)
    }

    /// The names of what is in the directory, or one below it, sorted.
    public func names(in name: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path.appending(name).string).sorted()
    }
}
