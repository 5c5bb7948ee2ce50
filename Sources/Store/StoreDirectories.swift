import FoundationEssentials
public import SystemCalls
public import SystemPackage

/// Where `replay` keeps its things, after the XDG base directory specification (0.8).
public struct StoreDirectories: Sendable, Hashable {
    /// What must not be lost: the database, the templates, the builds' logs.
    public var data: FilePath
    /// What can be made again: base images, downloads.
    public var cache: FilePath
    /// Unix sockets of running machines. Short, since a socket's whole path must fit 108 bytes (unix(7)).
    public var runtime: FilePath

    /// Makes a value.
    public init(data: FilePath, cache: FilePath, runtime: FilePath) {
        self.data = data
        self.cache = cache
        self.runtime = runtime
    }

    /// Chooses the directories; touches nothing.
    ///
    /// - data: `$REPLAY_HOME`, or `$XDG_DATA_HOME/replay`, or `~/.local/share/replay`
    /// - cache: `$REPLAY_HOME/cache`, or `$XDG_CACHE_HOME/replay`, or `~/.cache/replay`
    /// - runtime: `$XDG_RUNTIME_DIR/replay` unless that is long, or `/tmp/replay-UID`
    ///
    /// As the specification wants it, XDG variables that are empty or no absolute paths are as good as unset. A relative
    /// `REPLAY_HOME` is an error, since it would mean another store in each directory.
    public static func resolve(
        environment: [String: String], user: UInt32 = CurrentUser.identifier
    ) throws(StoreError) -> StoreDirectories {
        func absolute(_ name: String) -> FilePath? {
            environment[name].map { FilePath($0) }.flatMap { $0.isAbsolute ? $0.lexicallyNormalized() : nil }
        }
        var runtime = FilePath("/tmp/replay-\(user)")
        if let directory = absolute("XDG_RUNTIME_DIR"), directory.length <= longestRuntimeDirectory {
            runtime = directory.appending("replay")
        }
        if let text = environment["REPLAY_HOME"], !text.isEmpty {
            guard let home = absolute("REPLAY_HOME") else {
                throw StoreError(.unavailable, "REPLAY_HOME is '\(text)': it must be an absolute path.")
            }
            return StoreDirectories(data: home, cache: home.appending("cache"), runtime: runtime)
        }
        func below(_ variable: String, _ fallback: FilePath) throws(StoreError) -> FilePath {
            if let directory = absolute(variable) { return directory.appending("replay") }
            guard let home = absolute("HOME") else {
                throw StoreError(
                    .unavailable, "No place to keep templates: set HOME, or REPLAY_HOME to an absolute path.")
            }
            return home.pushing(fallback).appending("replay")
        }
        return StoreDirectories(
            data: try below("XDG_DATA_HOME", ".local/share"), cache: try below("XDG_CACHE_HOME", ".cache"),
            runtime: runtime)
    }

    /// Leaves 40 bytes of a socket's 107 for `/replay/` and its own name.
    private static let longestRuntimeDirectory = 67

    /// Makes the directories that are missing, all for the user alone (mode 0700).
    ///
    /// The runtime directory may lie in `/tmp`, where anybody could have made it first: one that is a link or belongs to
    /// another user is refused.
    public func create(user: UInt32 = CurrentUser.identifier) throws(StoreError) {
        for directory in [data, cache, runtime] {
            do {
                try FileManager.default.createDirectory(
                    atPath: directory.string, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
                let status = try directory.stat(followTargetSymlink: directory != runtime)
                guard status.type == .directory, status.userID.rawValue == user || directory != runtime else {
                    throw StoreError(
                        .unavailable,
                        "'\(directory)' belongs to somebody else: remove it, or set XDG_RUNTIME_DIR to a directory of yours."
                    )
                }
                if status.userID.rawValue == user, status.permissions != [.ownerReadWriteExecute] {
                    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: directory.string)
                }
            } catch let error as StoreError {
                throw error
            } catch {
                throw StoreError(.unavailable, "The directory '\(directory)' cannot be made.", cause: error)
            }
        }
    }
}
