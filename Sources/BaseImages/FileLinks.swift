internal import FoundationEssentials
internal import SystemCalls
internal import SystemPackage

/// Symbolic links, which swift-system does not make.
enum FileLinks {
    static func makeSymbolicLink(_ path: FilePath, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path.string, withDestinationPath: target)
    }

    static func rename(_ old: FilePath, to new: FilePath) throws { try AtomicFile.rename(old, to: new) }

    static func remove(_ path: FilePath) { try? FileManager.default.removeItem(atPath: path.string) }
}
