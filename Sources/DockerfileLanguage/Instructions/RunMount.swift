/// A `--mount` of RUN as written. What it means depends on variables: see ``resolve(expanding:)``.
public struct MountFlag: Sendable, Hashable {
    /// The text after `--mount=`: comma-separated `key=value` fields.
    public var text: String
    /// The value of `from`, the one key that is not expanded: a stage's name, a named context or an image. An index is
    /// none (`from=0` is the image `0`). Nil: the build context, or nothing, by type.
    public var from: String?
}

/// A `--mount` of RUN, expanded and checked.
public struct RunMount: Sendable, Hashable {
    /// What is mounted.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Files of the context, a stage or an image.
        case bind
        /// A directory that outlives the build.
        case cache
        /// An empty file system in memory.
        case tmpfs
        /// A secret, as a file or a variable.
        case secret
        /// The socket of an SSH agent.
        case ssh
    }

    /// How builds that run at the same time share a cache.
    public enum Sharing: String, Sendable, Hashable, CaseIterable {
        /// All at once.
        case shared
        /// Each has its own.
        case `private`
        /// One after the other.
        case locked
    }

    /// `type`
    public var kind: Kind = .bind
    /// `from`, or nil.
    public var from: String?
    /// `source`, `src`; empty when not given. For a secret another name of `id`.
    public var source = ""
    /// `target`, `dst`, `destination`; empty when not given. A relative one goes on from WORKDIR.
    public var target = ""
    /// `readonly`, `ro`, `readwrite`, `rw`; by default only cache and tmpfs can be written.
    public var isReadOnly = true
    /// `size` of a tmpfs in bytes; 0: no limit.
    public var sizeLimit: Int64 = 0
    /// `id`; empty when not given.
    public var id = ""
    /// `sharing` of a cache; nil when not given: shared.
    public var sharing: Sharing?
    /// `required`: a secret or an SSH agent that is missing is an error.
    public var isRequired = false
    /// `env`: the variable that holds the secret; nil when not given.
    public var variable: String?
    /// `mode`, 0–0777 and more; nil when not given.
    public var mode: UInt32?
    /// `uid`; nil when not given.
    public var uid: UInt32?
    /// `gid`; nil when not given.
    public var gid: UInt32?
}
