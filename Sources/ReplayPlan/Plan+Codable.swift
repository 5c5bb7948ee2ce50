// Plans are read by people and other programs: an action or a source is an object with one key that says what it is,
// without the names that the compiler would make up.

extension Step: Codable {
    private enum CodingKeys: String, CodingKey {
        case number, stage, title, lines, action, digest, restartsMachine, timeout
    }

    /// Writes the fields; `restartsMachine` only when it is true, `timeout` when there is one.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number, forKey: .number)
        try container.encode(stage, forKey: .stage)
        try container.encode(title, forKey: .title)
        try container.encode(lines, forKey: .lines)
        try container.encode(action, forKey: .action)
        try container.encode(digest, forKey: .digest)
        if restartsMachine { try container.encode(true, forKey: .restartsMachine) }
        try container.encodeIfPresent(timeout, forKey: .timeout)
    }

    /// Reads what ``encode(to:)`` writes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            number: try container.decode(Int.self, forKey: .number),
            stage: try container.decode(String.self, forKey: .stage),
            title: try container.decode(String.self, forKey: .title),
            lines: try container.decode(LineRange.self, forKey: .lines),
            action: try container.decode(StepAction.self, forKey: .action),
            digest: try container.decode(String.self, forKey: .digest))
        restartsMachine = try container.decodeIfPresent(Bool.self, forKey: .restartsMachine) ?? false
        timeout = try container.decodeIfPresent(Int.self, forKey: .timeout)
    }
}

extension StepAction: Codable {
    private enum CodingKeys: String, CodingKey { case run, copy, makeDirectory }

    /// Writes `{"run": …}`, `{"copy": …}` or `{"makeDirectory": …}`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .run(let action): try container.encode(action, forKey: .run)
        case .copy(let action): try container.encode(action, forKey: .copy)
        case .makeDirectory(let action): try container.encode(action, forKey: .makeDirectory)
        }
    }

    /// Reads what ``encode(to:)`` writes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch container.allKeys.first {
        case .run: self = .run(try container.decode(RunAction.self, forKey: .run))
        case .copy: self = .copy(try container.decode(CopyAction.self, forKey: .copy))
        case .makeDirectory:
            self = .makeDirectory(try container.decode(MakeDirectoryAction.self, forKey: .makeDirectory))
        case nil:
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "no action of a step"))
        }
    }
}

extension CopyAction: Codable {
    private enum CodingKeys: String, CodingKey { case sources, destination, owner, mode, acceptsUnknownOwner }

    /// Writes the fields; `acceptsUnknownOwner` only when it is true.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(sources, forKey: .sources)
        try container.encode(destination, forKey: .destination)
        try container.encodeIfPresent(owner, forKey: .owner)
        try container.encodeIfPresent(mode, forKey: .mode)
        if acceptsUnknownOwner { try container.encode(true, forKey: .acceptsUnknownOwner) }
    }

    /// Reads what ``encode(to:)`` writes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            sources: try container.decode([CopySource].self, forKey: .sources),
            destination: try container.decode(String.self, forKey: .destination),
            owner: try container.decodeIfPresent(String.self, forKey: .owner),
            mode: try container.decodeIfPresent(String.self, forKey: .mode),
            acceptsUnknownOwner: try container.decodeIfPresent(Bool.self, forKey: .acceptsUnknownOwner) ?? false)
    }
}

extension CopySource: Codable {
    private enum CodingKeys: String, CodingKey { case file, name, directory, entries, inline, archive, remote, source }

    /// Writes `{"file": path, "name": …}`, `{"directory": path, "entries": …}`, `{"inline": …}`, `{"archive": path}`
    /// or `{"remote": origin, "source": …}`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .file(let path, let name):
            try container.encode(path, forKey: .file)
            try container.encode(name, forKey: .name)
        case .directory(let path, let entries):
            try container.encode(path, forKey: .directory)
            try container.encode(entries, forKey: .entries)
        case .inline(let file): try container.encode(file, forKey: .inline)
        case .archive(let path): try container.encode(path, forKey: .archive)
        case .remote(let origin, let source):
            try container.encode(origin, forKey: .remote)
            try container.encode(source, forKey: .source)
        }
    }

    /// Reads what ``encode(to:)`` writes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let path = try container.decodeIfPresent(String.self, forKey: .file) {
            self = .file(path: path, name: try container.decode(String.self, forKey: .name))
        } else if let path = try container.decodeIfPresent(String.self, forKey: .directory) {
            self = .directory(path: path, entries: try container.decode([String].self, forKey: .entries))
        } else if let path = try container.decodeIfPresent(String.self, forKey: .archive) {
            self = .archive(path: path)
        } else if let origin = try container.decodeIfPresent(String.self, forKey: .remote) {
            self = .remote(origin: origin, try container.decode(CopySource.self, forKey: .source))
        } else {
            self = .inline(try container.decode(InlineFile.self, forKey: .inline))
        }
    }
}
