extension InstructionReader {
    /// FROM
    func from() throws(DockerfileError) -> FromInstruction {
        var name: String?
        if arguments.count == 3, arguments[1].lowercased() == "as" {
            name = arguments[2].lowercased()
            guard Self.isStageName(name ?? "") else {
                throw DockerfileError(
                    .arguments,
                    "invalid name for a build stage: \"\(arguments[2])\"; it begins with a letter and has only letters, "
                        + "digits, '-', '_' and '.'",
                    highlight: arguments[2])
            }
        } else if arguments.count != 1 {
            throw DockerfileError(
                .arguments, "FROM requires either one or three arguments: FROM BASE or FROM BASE AS NAME")
        }
        let flags = try FlagReader(node.flags, known: ["platform": .string])
        return FromInstruction(
            syntax: syntax, baseName: arguments[0], name: name, nameAsWritten: name == nil ? nil : arguments[2],
            asKeyword: name == nil ? nil : arguments[1], platform: flags.text("platform"))
    }

    /// `^[a-z][a-z0-9-_.]*$`
    private static func isStageName(_ name: String) -> Bool {
        guard name.utf8.first?.isASCIILetter == true else { return false }
        return name.utf8.allSatisfy {
            $0.isASCIILetter || $0.isASCIIDigit || $0 == Byte.dash || $0 == Byte.underscore || $0 == UInt8(ascii: ".")
        }
    }

    /// ONBUILD. The trigger is not checked: an unknown instruction fails when it is triggered.
    func onbuild() throws(DockerfileError) -> OnBuildInstruction {
        try atLeastOne()
        try noFlags()
        let instruction = arguments[0].asciiUppercased
        switch Keyword(arguments[0]) {
        case .onbuild: throw DockerfileError(.arguments, "ONBUILD ONBUILD is not allowed", highlight: arguments[0])
        case .from, .maintainer:
            throw DockerfileError(
                .arguments, "\(instruction) is not allowed as an ONBUILD trigger", highlight: arguments[0])
        default: break
        }
        var trigger = Array(node.original.utf8)[...].trimmingLeadingSpace
        trigger = trigger.dropFirst(Keyword.onbuild.rawValue.utf8.count).drop(while: \.isPatternSpace)
        let text = node.heredocs.reduce(trigger.text) { $0 + "\n" + $1.content + $1.name }
        return OnBuildInstruction(syntax: syntax, trigger: text)
    }
}
