import ReplayEvents

/// Nothing but errors: of a failed task what it said last, of a failed build the sentence.
struct QuietDisplay: ProgressDisplay {
    private var tasks: [TaskID: (label: String, start: Duration, tail: OutputTail)] = [:]

    mutating func handle(_ event: ReplayEvent, at elapsed: Duration, into output: inout [UInt8]) {
        switch event {
        case .taskStarted(let task, let label):
            tasks[task] = (OutputLines.line(of: label), elapsed, OutputTail())
        case .taskOutput(let task, let bytes): tasks[task]?.tail.append(bytes, at: elapsed)
        case .taskFinished(let task, let outcome):
            guard let ended = tasks.removeValue(forKey: task), case .failed = outcome else { return }
            output.write(ended.tail.block(label: ended.label, since: ended.start))
        case .buildFailed(let message):
            output.write("ERROR: \(OutputLines.lines(of: message).joined(separator: "\n"))\n")
        case .buildStarted, .taskProgress, .taskNote, .warning, .notice, .buildFinished: break
        }
    }

    mutating func finish(at elapsed: Duration, into output: inout [UInt8]) {}
}
