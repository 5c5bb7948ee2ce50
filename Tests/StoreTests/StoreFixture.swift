import Foundation
import ReplayTestSupport
import Store
import SystemPackage

/// A store in a fresh directory.
struct StoreFixture {
    let scratch: ScratchDirectory
    let directories: StoreDirectories
    let store: StoreDatabase

    init() throws {
        scratch = try ScratchDirectory()
        directories = StoreFixture.directories(scratch.path.string)
        store = try StoreDatabase(directories)
    }

    static func directories(_ path: String) -> StoreDirectories {
        StoreDirectories(
            data: FilePath(path).appending("data"), cache: FilePath(path).appending("cache"),
            runtime: FilePath(path).appending("run"))
    }

    /// The store as a second process would open it.
    func again() throws -> StoreDatabase { try StoreDatabase(directories) }

    /// The names in a directory of the store's data.
    func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directories.data.appending(directory).string).sorted()
    }
}
