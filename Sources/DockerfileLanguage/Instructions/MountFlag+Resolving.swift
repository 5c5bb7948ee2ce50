extension MountFlag {
    /// Looks only at what must be right before variables are known: `from` must have none.
    init(_ text: String) throws(DockerfileError) {
        self.init(text: text, from: nil)
        for field in try CommaSeparatedFields.read(text) {
            let (key, value) = field.splitAtEquals
            guard key.lowercased() == "from", let value else { continue }
            let bytes = Array(value.utf8)
            if let dollar = bytes.firstIndex(of: Byte.dollar), dollar != bytes.count - 1 {
                throw DockerfileError(
                    .mount, "'from' of a mount cannot hold a variable; define a stage FROM it and name that",
                    highlight: value)
            }
            from = value.isEmpty ? nil : value
        }
    }

    /// The mount. The fields count in the order in which they stand: `required` before `type=secret` is an error.
    ///
    /// - Parameter expand: expands one value, as ``WordExpander/expand(_:lookup:)`` does.
    /// - Throws: ``DockerfileError`` without lines.
    public func resolve(
        expanding expand: (String) throws(DockerfileError) -> String
    ) throws(DockerfileError) -> RunMount {
        var mount = RunMount()
        var isReadOnly: Bool?
        for field in try CommaSeparatedFields.read(text) {
            let (name, raw) = field.splitAtEquals
            let key = name.lowercased()
            guard let raw else {
                switch key {
                case "readonly", "ro": isReadOnly = true
                case "readwrite", "rw": isReadOnly = false
                case "required": try mount.setRequired(true)
                default:
                    throw DockerfileError(
                        .mount, "'\(field)' in a mount must have the form key=value", highlight: field)
                }
                continue
            }
            let value = try expand(raw)
            switch key {
            case "readonly", "ro": isReadOnly = try Self.bool(key, value)
            case "readwrite", "rw": isReadOnly = try !Self.bool(key, value)
            case "required": try mount.setRequired(Self.bool(key, value))
            default: try mount.set(key, to: value, field: field)
            }
        }
        mount.isReadOnly = isReadOnly ?? (mount.kind != .cache && mount.kind != .tmpfs)
        try mount.check()
        return mount
    }

    fileprivate static func bool(_ key: String, _ value: String) throws(DockerfileError) -> Bool {
        guard let bool = GoValues.bool(value) else {
            throw DockerfileError(.mount, "\(key) of a mount must be true or false, not \(value)", highlight: value)
        }
        return bool
    }
}

extension RunMount {
    private static let keys = [
        "type", "from", "source", "src", "target", "dst", "destination", "readonly", "ro", "readwrite", "rw", "id",
        "sharing", "required", "size", "mode", "uid", "gid", "env",
    ]

    fileprivate mutating func setRequired(
        _ value: @autoclosure () throws(DockerfileError) -> Bool
    ) throws(DockerfileError) {
        guard kind == .secret || kind == .ssh else { throw unexpected("required") }
        isRequired = try value()
    }

    private func unexpected(_ key: String) -> DockerfileError {
        DockerfileError(
            .mount, "'\(key)' is not for mounts of type \(kind.rawValue); type= must stand before it", highlight: key)
    }

    fileprivate mutating func set(_ key: String, to value: String, field: String) throws(DockerfileError) {
        switch key {
        case "type":
            kind = try Self.choice("type", value)
        case "from": from = value.isEmpty ? nil : value
        case "source", "src": source = value
        case "target", "dst", "destination": target = value
        case "size":
            guard kind == .tmpfs else { throw unexpected(key) }
            guard let size = GoValues.memorySize(value) else { throw Self.invalid(key, value) }
            sizeLimit = size
        case "id": id = value
        case "sharing": sharing = try Self.choice("sharing", value) as Sharing
        case "mode": mode = try Self.number(key, value, radix: 8)
        case "uid": uid = try Self.number(key, value, radix: 10)
        case "gid": gid = try Self.number(key, value, radix: 10)
        case "env": variable = value
        default:
            throw DockerfileError(
                .mount,
                "a mount has no key '\(key)' (in '\(field)')\(Suggestion.text(for: key, among: Self.keys))",
                highlight: field)
        }
    }

    private static func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ text: String
    ) throws(DockerfileError) -> Value {
        if let value = Value(rawValue: text.lowercased()) { return value }
        let known = Value.allCases.map(\.rawValue)
        throw DockerfileError(
            .mount, "a mount's \(key) is one of \(known.joined(separator: ", ")), not \"\(text)\"", highlight: text)
    }

    private static func number(_ key: String, _ text: String, radix: Int) throws(DockerfileError) -> UInt32 {
        guard let number = GoValues.unsigned(text, radix: radix) else { throw invalid(key, text) }
        return number
    }

    private static func invalid(_ key: String, _ value: String) -> DockerfileError {
        DockerfileError(.mount, "invalid \(key) of a mount: \"\(value)\"", highlight: value)
    }

    /// The rules between the keys.
    fileprivate func check() throws(DockerfileError) {
        if kind == .bind || kind == .tmpfs,
            let key = mode != nil ? "mode" : uid != nil ? "uid" : gid != nil ? "gid" : nil
        {
            throw DockerfileError(.mount, "\(key) is not for mounts of type \(kind.rawValue)", highlight: key)
        }
        if kind == .secret {
            if from != nil { throw DockerfileError(.mount, "a secret mount has no from", highlight: "from") }
            if source.isEmpty, target.isEmpty, id.isEmpty {
                throw DockerfileError(.mount, "a secret mount needs an id or a target")
            }
            if !source.isEmpty, !id.isEmpty {
                throw DockerfileError(.mount, "source and id of a secret mount are the same: give one of them")
            }
        }
        if sharing != nil, kind != .cache {
            throw DockerfileError(.mount, "sharing is only for cache mounts", highlight: "sharing")
        }
    }
}
