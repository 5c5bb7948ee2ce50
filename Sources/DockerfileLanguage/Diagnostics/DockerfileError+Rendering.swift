extension DockerfileError {
    /// How many lines of a range are shown before the middle is left out.
    private static let shownLines = 6

    /// The message with the source lines that it is about and a caret below what is wrong:
    ///
    /// ```
    /// Dockerfile:3: unknown flag: --form (did you mean from?)
    ///   3 | COPY --form=build /a /b
    ///     |      ^~~~~~
    /// ```
    ///
    /// - Parameters:
    ///   - source: the text that was parsed.
    ///   - file: the name to show.
    public func rendered(in source: SourceText, file: String) -> String {
        var lines = ["\(file)\(ranges.first.map { ":\($0.first)" } ?? ""): \(message)"]
        let width = max(3, String(ranges.map(\.last).max() ?? 0).count + 1)
        var needsMark = true
        for range in ranges {
            let numbers = Array(range.first...range.last)
            let marked = numbers.firstIndex { markRange(in: source.line($0) ?? "") != nil } ?? 0
            let isCut = numbers.count > Self.shownLines
            for (index, number) in numbers.enumerated() {
                guard !isCut || index < 3 || index == numbers.count - 1 || index == marked else {
                    if index == 3 { lines.append(Self.gutter("…", width)) }
                    continue
                }
                guard let text = source.line(number) else { continue }
                lines.append(Self.gutter(String(number), width) + " " + text)
                if needsMark, index == marked {
                    lines.append(Self.gutter("", width) + " " + mark(below: text))
                    needsMark = false
                }
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func gutter(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text + " |"
    }

    /// Where the highlighted text stands in a line.
    private func markRange(in line: String) -> Range<String.Index>? {
        guard let highlight, !highlight.isEmpty else { return nil }
        let needle = Array(highlight.unicodeScalars)
        let scalars = line.unicodeScalars
        var start = scalars.startIndex
        while start < scalars.endIndex {
            if scalars[start...].starts(with: needle) {
                return start..<scalars.index(start, offsetBy: needle.count)
            }
            start = scalars.index(after: start)
        }
        return nil
    }

    /// `^~~~` below the highlighted text, or below the whole line. Tabs stay tabs, so that the columns agree.
    private func mark(below line: String) -> String {
        let firstText = line.firstIndex { !$0.isWhitespace } ?? line.startIndex
        let range = markRange(in: line) ?? firstText..<line.endIndex
        let indent = line[..<range.lowerBound].map { $0 == "\t" ? "\t" : " " }.joined()
        return indent + "^" + String(repeating: "~", count: max(0, line[range].count - 1))
    }
}
