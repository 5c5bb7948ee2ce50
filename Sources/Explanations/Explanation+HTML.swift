internal import DockerfileChecks

extension Explanation {
    /// The explanation as one page that needs nothing else: no script, no font, no picture, nothing from the network. It reads
    /// well on a screen, dark or light, and on paper.
    public var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(Self.escaped(path)) on a machine</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <header>
        <h1>\(Self.escaped(path))</h1>
        <p class="verdict \(isReplayable ? "good" : "bad")">\(isReplayable ? "Can be replayed" : "Cannot be replayed as it is")</p>
        <dl>
        <dt>Machine</dt><dd>\(Self.escaped(base ?? "no known base"))</dd>
        <dt>Steps</dt><dd>\(stepCount)</dd>
        <dt>Service</dt><dd>\(service.map { "<code>\(Self.escaped($0))</code>" } ?? "none")</dd>
        <dt>Findings</dt><dd>\(findingsText)</dd>
        </dl>
        </header>
        <main>
        <table>
        <thead><tr><th>Line</th><th>Instruction, and what it becomes</th></tr></thead>
        <tbody>
        \(lines.map(Self.row).joined(separator: "\n"))
        </tbody>
        </table>
        \(Self.list("Tested on a copy", tests.map { "<code>\(Self.escaped($0))</code>" }))
        \(Self.list("To know", notices.map(Self.escaped)))
        \(Self.list("Different from a container everywhere", generalDifferences.map(Self.escaped)))
        </main>
        </body>
        </html>

        """
    }

    private var findingsText: String {
        let all = lines.flatMap(\.findings)
        let errors = all.count { $0.severity == .error }
        return
            "\(errors) error\(errors == 1 ? "" : "s"), \(all.count - errors) warning\(all.count - errors == 1 ? "" : "s")"
    }

    private static func row(_ line: Line) -> String {
        let differences = line.differences.map { "<li>\(escaped($0))</li>" }.joined()
        let findings = line.findings.map { finding in
            """
            <div class="finding \(finding.severity.rawValue)"><b>\(finding.severity.rawValue): \(escaped(finding.rule))</b> \
            \(escaped(finding.message))\(finding.message.hasSuffix(".") ? "" : ".")\(finding.hint.map { " <i>\(escaped($0))</i>" } ?? "")</div>
            """
        }.joined()
        return """
            <tr class="\(line.kind.rawValue)">
            <td class="number">\(line.firstLine)\(line.lastLine > line.firstLine ? "–\(line.lastLine)" : "")</td>
            <td><pre>\(escaped(line.text))</pre>
            <p><span class="kind">\(escaped(line.label))</span> \(escaped(line.effect))</p>
            \(differences.isEmpty ? "" : "<ul class=\"differs\">\(differences)</ul>")\(findings)</td>
            </tr>
            """
    }

    private static func list(_ title: String, _ items: [String]) -> String {
        guard !items.isEmpty else { return "" }
        return "<section><h2>\(title)</h2><ul>\(items.map { "<li>\($0)</li>" }.joined())</ul></section>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private static let style = """
        :root { color-scheme: light dark; --text: #1c1e21; --muted: #5b6470; --back: #fff; --line: #d8dde3; --code: #f4f6f8;
          --accent: #1f5fbf; --good: #17713a; --bad: #b3261e; --warn: #8a5a00; }
        @media screen and (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --muted: #a0a9b4; --back: #15181c;
          --line: #343a42; --code: #1f242a; --accent: #7fb0ff; --good: #6fce93; --bad: #ff8a80; --warn: #f0c060; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem; color: var(--text); background: var(--back); overflow-wrap: anywhere;
          font: 16px/1.5 system-ui, "Liberation Sans", Arial, sans-serif; }
        h1 { font-size: 1.5rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
        .verdict { font-weight: 600; margin: 0 0 1rem; }
        .good { color: var(--good); } .bad { color: var(--bad); }
        dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1.25rem; margin: 0 0 1.5rem; }
        dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
        table { border-collapse: collapse; width: 100%; table-layout: fixed; }
        th { text-align: left; font-weight: 600; color: var(--muted); border-bottom: 2px solid var(--line); padding: .4rem; }
        th:first-child { width: 4.5rem; }
        td { vertical-align: top; padding: .75rem .4rem; border-bottom: 1px solid var(--line); }
        .number { color: var(--muted); font-variant-numeric: tabular-nums; white-space: nowrap; }
        pre, code { font-family: ui-monospace, "Liberation Mono", Menlo, monospace; font-size: .875rem; }
        pre { margin: 0; padding: .4rem .6rem; background: var(--code); border-radius: 4px; white-space: pre-wrap;
          overflow-wrap: anywhere; }
        p { margin: .5rem 0 0; }
        .kind { display: inline-block; min-width: 4.5rem; padding: 0 .5rem; border: 1px solid var(--accent);
          border-radius: 999px; color: var(--accent); font-size: .8rem; text-align: center; margin-right: .35rem; }
        tr.nothing .kind, tr.record .kind { border-color: var(--line); color: var(--muted); }
        .differs { margin: .35rem 0 0; padding-left: 1.25rem; color: var(--muted); }
        .finding { margin: .5rem 0 0; padding: .4rem .6rem; border-left: 4px solid var(--warn); background: var(--code); }
        .finding.error { border-color: var(--bad); } .finding.warning b { color: var(--warn); }
        .finding.error b { color: var(--bad); }
        @media print {
          body { max-width: none; padding: 0; font-size: 10pt; }
          pre, .finding { background: none; border: 1px solid var(--line); border-left-width: 4px; }
          tr, section, .finding { break-inside: avoid; }
          thead { display: table-header-group; }
        }
        @page { margin: 18mm 15mm; }
        """
}
