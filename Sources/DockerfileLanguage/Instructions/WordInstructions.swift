/// `USER NAME|UID[:GROUP|GID]`
public struct UserInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The rest of the line; expanded.
    public var user: String
}

/// `WORKDIR PATH`
public struct WorkdirInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The rest of the line; expanded. A relative path goes on from the WORKDIR before.
    public var path: String
}

/// `STOPSIGNAL SIGNAL`
public struct StopSignalInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The rest of the line; expanded.
    public var signal: String
}

/// `MAINTAINER TEXT` (deprecated)
public struct MaintainerInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The rest of the line; not expanded.
    public var name: String
}

/// `EXPOSE PORT[/PROTOCOL] …`
public struct ExposeInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The words, sorted by bytes as BuildKit does; each is expanded and split again (``WordExpander/words(_:lookup:)``).
    public var ports: [String]
}

/// `VOLUME PATH …`
public struct VolumeInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The paths, trimmed and not empty; expanded, also those of the JSON form.
    public var paths: [String]
}
