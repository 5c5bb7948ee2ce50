internal import FoundationEssentials
internal import SystemPackage

/// A layer that has come, before it is trusted.
enum LayerFile {
    /// Gives a file its final name if it is what was promised, and removes it if not.
    static func keep(
        _ work: FilePath, as path: FilePath, descriptor: Descriptor, what: String
    ) throws -> FilePath {
        do {
            let size = try work.stat().size
            guard size == descriptor.size else {
                throw RegistryError(
                    .mismatch,
                    "\(what) has \(size) bytes, where \(descriptor.size) were promised. Nothing of it was used.")
            }
            guard try descriptor.digest.names(file: work) else {
                throw RegistryError(
                    .mismatch, "What came as \(what) is not what its digest names. Nothing of it was used.")
            }
            if (try? path.stat()) != nil { try FileManager.default.removeItem(atPath: path.string) }
            try FileManager.default.moveItem(atPath: work.string, toPath: path.string)
            return path
        } catch {
            try? FileManager.default.removeItem(atPath: work.string)
            guard error is RegistryError || error is CancellationError else {
                throw RegistryError(.inputOutput, "The layer \(what) cannot be kept as \(path).", cause: error)
            }
            throw error
        }
    }
}
