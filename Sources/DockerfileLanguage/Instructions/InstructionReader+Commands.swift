extension InstructionReader {
    /// RUN
    func run() throws(DockerfileError) -> RunInstruction {
        let flags = try FlagReader(
            node.flags,
            known: ["mount": .strings, "network": .string, "security": .string, "device": .strings])
        var mounts: [MountFlag] = []
        for text in flags.all("mount") { mounts.append(try MountFlag(text)) }
        var devices: [RunDevice] = []
        for text in flags.all("device") { devices.append(try RunDevice(text)) }
        return RunInstruction(
            syntax: syntax, command: commandLine(arguments), heredocs: node.heredocs, mounts: mounts,
            network: try choice("network", flags, default: .default),
            security: try choice("security", flags, default: .sandbox), devices: devices)
    }

    private func choice<Value: RawRepresentable<String>>(
        _ flag: String, _ flags: FlagReader, default: Value
    ) throws(DockerfileError) -> Value {
        guard let text = flags.rawText(flag) else { return `default` }
        guard let value = Value(rawValue: text) else {
            throw DockerfileError(.flag, "--\(flag)=\(text) is not known", highlight: text)
        }
        return value
    }

    /// HEALTHCHECK
    func healthcheck() throws(DockerfileError) -> HealthcheckInstruction {
        try atLeastOne()
        let rest = Array(arguments.dropFirst())
        var check = HealthcheckInstruction(syntax: syntax)
        let type = arguments[0].asciiUppercased
        if type == "NONE" {
            // Flags are not looked at here, in BuildKit neither.
            guard rest.isEmpty else { throw DockerfileError(.arguments, "HEALTHCHECK NONE takes no arguments") }
            return check
        }
        let flags = try FlagReader(
            node.flags,
            known: [
                "interval": .string, "timeout": .string, "start-period": .string, "start-interval": .string,
                "retries": .string,
            ])
        guard type == "CMD" else {
            throw DockerfileError(
                .arguments, "HEALTHCHECK has no type \"\(type)\": it is NONE or CMD", highlight: arguments[0])
        }
        guard !rest.isEmpty else { throw DockerfileError(.arguments, "HEALTHCHECK CMD has no command") }
        check.command = commandLine(rest)
        check.interval = try duration("interval", flags)
        check.timeout = try duration("timeout", flags)
        check.startPeriod = try duration("start-period", flags)
        check.startInterval = try duration("start-interval", flags)
        if let text = flags.text("retries") {
            guard let retries = Int32(text), retries >= 0 else {
                throw DockerfileError(.flag, "--retries must be a number from 0, not \(text)", highlight: text)
            }
            check.retries = Int(retries)
        }
        return check
    }

    private func duration(_ flag: String, _ flags: FlagReader) throws(DockerfileError) -> Int64 {
        guard let text = flags.text(flag) else { return 0 }
        guard let nanoseconds = GoValues.duration(text) else {
            throw DockerfileError(
                .flag, "--\(flag)=\(text) is not a duration: write it as 30s, 1m30s, 1.5h", highlight: text)
        }
        guard nanoseconds == 0 || nanoseconds >= 1_000_000 else {
            throw DockerfileError(.flag, "--\(flag)=\(text) is less than a millisecond", highlight: text)
        }
        return nanoseconds
    }
}

extension RunDevice {
    /// Reads `NAME[,required[=BOOL]]` or `name=NAME…`.
    init(_ text: String) throws(DockerfileError) {
        self.init(name: "", isRequired: false)
        for field in try CommaSeparatedFields.read(text) {
            let (key, value) = field.splitAtEquals
            switch (key.lowercased(), value) {
            case ("required", nil): isRequired = true
            case ("required", let value?):
                guard let bool = GoValues.bool(value) else {
                    throw DockerfileError(
                        .flag, "required of a device must be true or false, not \(value)", highlight: value)
                }
                isRequired = bool
            case ("name", let value?):
                guard name.isEmpty else { throw Self.secondName(text, field) }
                name = value
            default:
                guard name.isEmpty else { throw Self.secondName(text, field) }
                name = field
            }
        }
    }

    private static func secondName(_ text: String, _ field: String) -> DockerfileError {
        DockerfileError(
            .flag, "'\(field)' in --device=\(text) is not known: a device has one name, and required", highlight: field)
    }
}
