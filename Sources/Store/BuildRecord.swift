public import Clouds
public import FoundationEssentials
import GRDB
public import SystemCalls
public import SystemPackage

/// What is known of one build, or of one boot of a template.
public struct BuildRecord: Sendable, Hashable, Identifiable {
    /// What a machine is made for.
    public enum Purpose: String, Sendable, Hashable, Codable {
        /// A template is being built.
        case build
        /// A template is booted.
        case boot
    }

    /// How far it has come.
    public enum State: String, Sendable, Hashable, Codable {
        /// It runs, or the `replay` that ran it died.
        case running
        /// It ended and its machine was kept on request.
        case kept
        /// It ended well.
        case done
        /// It ended without a result.
        case failed
    }

    /// The build.
    public var id: BuildID
    /// What the user calls it: the template's `name:tag`. Empty for a build that nobody announced.
    public var name: String
    /// What its machine is for.
    public var purpose: Purpose
    /// How far it has come.
    public var state: State
    /// The process that runs or ran it.
    public var owner: ProcessIdentity?
    /// When it began.
    public var started: Date
    /// When it ended.
    public var ended: Date?
    /// The file with its whole output; it may not exist.
    public var log: FilePath

    init(row: Row, directories: StoreDirectories) throws {
        guard let id = BuildID(row["id"]), let purpose = Purpose(rawValue: row["purpose"]),
            let state = State(rawValue: row["state"])
        else { throw StoreError(.damaged, "The store's record of the build '\(row["id"] as String)' cannot be read.") }
        self.id = id
        name = row["name"]
        self.purpose = purpose
        self.state = state
        owner = (row["owner"] as String?).flatMap { ProcessIdentity($0) }
        started = Timestamp(milliseconds: row["started"]).date
        ended = (row["ended"] as Int64?).map { Timestamp(milliseconds: $0).date }
        log = directories.log(of: id)
    }
}

extension StoreDirectories {
    /// The file that gets a build's whole output.
    func log(of build: BuildID) -> FilePath { builds.appending("\(build).log") }
    /// Held exclusively by whoever runs the build, or cleans up after it.
    func lock(of build: BuildID) -> FilePath { builds.appending("\(build).lock") }
    /// Notes for a process that goes on with the build, gone when it is over. They hold keys.
    func resumption(of build: BuildID) -> FilePath { builds.appending("\(build).resume") }
    /// How far the build has come, gone when it is over.
    func progress(of build: BuildID) -> FilePath { builds.appending("\(build).progress") }
    /// Removes what only a process that goes on with the build, or a person who logs in, needs.
    func forgetResumption(of build: BuildID) {
        let work = work(of: build)
        let paths = [
            resumption(of: build), progress(of: build), work.appending("login-key"), work.appending("known-hosts"),
        ]
        for path in paths { try? FileManager.default.removeItem(atPath: path.string) }
        if (try? FileManager.default.contentsOfDirectory(atPath: work.string))?.isEmpty == true {
            try? FileManager.default.removeItem(atPath: work.string)
        }
    }
    /// For the files of the build's machine.
    func work(of build: BuildID) -> FilePath { builds.appending("\(build)") }
}
