/// The syntax tree as JSON: for comparing this parser with another.
///
/// One object with sorted keys: `escape`, `nodes` (each `args`, `cmd`, `comments`, `end`, `flags`, `heredocs`, `json`,
/// `original`, `start`) and `warnings`; empty optional keys are left out. A file that cannot be parsed gives `error`
/// and `locations`.
public enum ParseTree {
    /// The JSON text for a Dockerfile, on one line.
    public static func json(_ bytes: [UInt8]) -> String {
        do {
            return json(try SyntaxParser.parse(SourceText(bytes)))
        } catch {
            return json(error)
        }
    }

    /// The JSON text of a tree.
    public static func json(_ tree: SyntaxTree) -> String {
        var fields = [
            ("escape", JSONText.string(tree.escapeToken.rawValue)),
            ("nodes", JSONText.array(tree.nodes.map(node))),
        ]
        if !tree.warnings.isEmpty {
            fields.append(
                (
                    "warnings",
                    JSONText.array(
                        tree.warnings.map {
                            JSONText.object([("line", "\($0.range.first)"), ("short", JSONText.string($0.message))])
                        })
                ))
        }
        return JSONText.object(fields)
    }

    /// The JSON text of an error.
    public static func json(_ error: DockerfileError) -> String {
        JSONText.object([
            ("error", JSONText.string(error.message)),
            ("locations", JSONText.array(error.ranges.map { "[\($0.first),\($0.last)]" })),
        ])
    }

    private static func node(_ node: SyntaxNode) -> String {
        let arguments = node.arguments.map(JSONText.string) + node.trigger.map(self.node)
        var fields = [("args", JSONText.array(arguments)), ("cmd", JSONText.string(node.name))]
        if !node.comments.isEmpty { fields.append(("comments", JSONText.array(node.comments.map(JSONText.string)))) }
        fields.append(("end", "\(node.range?.last ?? 0)"))
        if !node.flags.isEmpty { fields.append(("flags", JSONText.array(node.flags.map(JSONText.string)))) }
        if !node.heredocs.isEmpty { fields.append(("heredocs", JSONText.array(node.heredocs.map(heredoc)))) }
        if node.isJSON { fields.append(("json", "true")) }
        fields.append(("original", JSONText.string(node.original)))
        fields.append(("start", "\(node.range?.first ?? 0)"))
        return JSONText.object(fields)
    }

    private static func heredoc(_ heredoc: Heredoc) -> String {
        JSONText.object([
            ("chomp", "\(heredoc.stripsTabs)"), ("content", JSONText.string(heredoc.content)),
            ("expand", "\(heredoc.expands)"), ("fd", "\(heredoc.fileDescriptor)"),
            ("name", JSONText.string(heredoc.name)),
        ])
    }
}

/// The few forms of JSON that are written here.
private enum JSONText {
    static func object(_ fields: [(String, String)]) -> String {
        "{" + fields.map { "\(string($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    static func array(_ elements: [String]) -> String { "[" + elements.joined(separator: ",") + "]" }

    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ":
                let code = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - code.count) + code
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
