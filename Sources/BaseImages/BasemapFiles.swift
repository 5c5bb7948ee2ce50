public import Basemaps
internal import FoundationEssentials
public import SystemPackage

/// Finds and reads the tables of base images.
public enum BasemapFiles {
    /// The directories in which the tables that come with `replay` may be, in the order in which they are tried: beside an
    /// installed program (`bin/replay` and `share/replay/basemaps`), then in the package's directory above a program that
    /// was built there (`.build/debug/replay`).
    public static func standardDirectories(executable: FilePath) -> [FilePath] {
        let binaries = executable.removingLastComponent()
        var directories = [binaries.removingLastComponent().appending("share/replay/basemaps")]
        var above = binaries
        for _ in 0..<5 {
            directories.append(above.appending("basemaps"))
            guard above.removeLastComponent() else { break }
        }
        return directories
    }

    /// Reads the tables: those of `files` first, then those of every directory in `user` (of `REPLAY_BASEMAPS`, parted by
    /// colons), then those of the first directory of `standard` that has any. A row that comes earlier wins.
    /// - Throws: `BasemapError` with `invalid-table` for a file that cannot be read, and when there is no table at all.
    public static func load(
        files: [FilePath], user: [FilePath], standard: [FilePath]
    ) throws -> Basemap {
        var tables = try files.map { try read($0) }
        for directory in user { tables += try tableFiles(in: directory).map { try read($0) } }
        for directory in standard {
            let found = tableFiles(in: directory)
            tables += try found.map { try read($0) }
            if !found.isEmpty { break }
        }
        guard !tables.isEmpty else {
            throw BasemapError(
                .invalidTable, "There is no basemap: the tables that come with replay are not where it looks.",
                context: standard.map { "looked in \($0)" })
        }
        return try Basemap(files: tables)
    }

    private static func tableFiles(in directory: FilePath) -> [FilePath] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.string)) ?? []
        return names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted().map { directory.appending($0) }
    }

    private static func read(_ file: FilePath) throws -> (name: String, text: String) {
        do {
            return (file.string, String(decoding: try Data(contentsOf: URL(filePath: file.string)), as: UTF8.self))
        } catch {
            throw BasemapError(.invalidTable, "The basemap \(file) cannot be read.", cause: error)
        }
    }
}
