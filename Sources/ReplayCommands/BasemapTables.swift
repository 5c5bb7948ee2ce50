import BaseImages
import Basemaps
import FoundationEssentials
import SystemPackage

/// The tables of base images: the user's own first, then the ones that come with the program.
enum BasemapTables {
    /// Reads the tables.
    /// - Parameter files: Files named on the command line; their rows go before all others.
    static func load(files: [String], environment: [String: String]) throws -> Basemap {
        // /proc/self/exe is a link to the program's own file (proc(5)).
        let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return try BasemapFiles.load(
            files: files.map { FilePath($0) },
            user: (environment["REPLAY_BASEMAPS"] ?? "").split(separator: ":").map { FilePath(String($0)) },
            standard: BasemapFiles.standardDirectories(executable: FilePath(program ?? CommandLine.arguments[0])))
    }
}
