/// The last lines of a task's output, and when each came. Its cost does not grow with the output: of a large piece, only
/// the end is looked at.
struct OutputTail: Sendable {
    /// How many lines are kept.
    static let capacity = 20

    private var parser = OutputLines()
    private var lines: [(text: String, elapsed: Duration)] = []

    mutating func append(_ bytes: [UInt8], at elapsed: Duration) {
        // Nothing before a line feed matters to what is after it.
        var index = bytes.endIndex
        var feeds = 0
        while index > bytes.startIndex, feeds <= OutputTail.capacity {
            index -= 1
            if bytes[index] == 0x0A { feeds += 1 }
        }
        if feeds > OutputTail.capacity {
            parser.reset()
            index += 1
        }
        parser.append(bytes[index...]) { lines.append((String(decoding: $0, as: UTF8.self), elapsed)) }
        if lines.count > OutputTail.capacity { lines.removeFirst(lines.count - OutputTail.capacity) }
    }

    /// The last lines, the unfinished one included.
    func last(_ count: Int) -> [String] {
        let partial = parser.partial
        var texts = lines.suffix(count).map(\.text)
        if !partial.isEmpty { texts.append(String(decoding: partial, as: UTF8.self)) }
        return texts.suffix(count)
    }

    /// The block that tells of a failed task: its last lines with their times. Empty when it said nothing.
    func block(label: String, since start: Duration) -> String {
        guard !last(1).isEmpty else { return "" }
        var text = "------\n > \(label):\n"
        for line in lines { text += "\(Figures.milliseconds3(line.elapsed - start)) \(line.text)\n" }
        let partial = parser.partial
        if !partial.isEmpty { text += "      \(String(decoding: partial, as: UTF8.self))\n" }
        return text + "------\n"
    }
}
