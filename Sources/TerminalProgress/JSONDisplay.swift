import ReplayEvents

/// One JSON object a line; the format is described at ``ProgressRenderer``.
struct JSONDisplay: ProgressDisplay {
    /// The bytes at the end of a task's output that begin a character.
    private var cut: [TaskID: [UInt8]] = [:]
    private var meters: [TaskID: (due: ReplayEvent?, last: Duration)] = [:]

    mutating func handle(_ event: ReplayEvent, at elapsed: Duration, into output: inout [UInt8]) {
        switch event {
        case .buildStarted(let name, let steps):
            write("build-started", [("name", .text(name)), ("steps", .number(Int64(steps)))], elapsed, &output)
        case .taskStarted(let task, let label):
            write("task-started", [("task", .text(task.name)), ("label", .text(label))], elapsed, &output)
        case .taskProgress(let task, let completed, let total, _):
            let isLast = total.map { completed >= $0 } ?? false
            if !isLast, let last = meters[task]?.last, elapsed - last < .seconds(1) {
                meters[task]?.due = event
            } else {
                meters[task] = (nil, elapsed)
                writeProgress(event, elapsed, &output)
            }
        case .taskNote(let task, let text):
            write("task-note", [("task", .text(task.name)), ("text", .text(text))], elapsed, &output)
        case .taskOutput(let task, let bytes): writeOutput(of: task, bytes, isLast: false, elapsed, &output)
        case .taskFinished(let task, let outcome):
            if let due = meters.removeValue(forKey: task)?.due { writeProgress(due, elapsed, &output) }
            writeOutput(of: task, [], isLast: true, elapsed, &output)
            write("task-finished", [("task", .text(task.name))] + JSONDisplay.fields(of: outcome), elapsed, &output)
        case .warning(let text): write("warning", [("text", .text(text))], elapsed, &output)
        case .notice(let text): write("notice", [("text", .text(text))], elapsed, &output)
        case .buildFinished(let template, let identifier):
            write(
                "build-finished", [("template", .text(template)), ("identifier", .text(identifier))], elapsed, &output)
        case .buildFailed(let message): write("build-failed", [("message", .text(message))], elapsed, &output)
        }
    }

    mutating func finish(at elapsed: Duration, into output: inout [UInt8]) {
        for task in cut.keys.sorted(by: { $0.name < $1.name }) {
            writeOutput(of: task, [], isLast: true, elapsed, &output)
        }
    }

    private mutating func writeOutput(
        of task: TaskID, _ bytes: [UInt8], isLast: Bool, _ elapsed: Duration, _ output: inout [UInt8]
    ) {
        var whole = (cut.removeValue(forKey: task) ?? []) + bytes
        if !isLast {
            let length = UTF8Cut.incompleteSuffix(whole[...])
            if length > 0 { cut[task] = Array(whole.suffix(length)) }
            whole.removeLast(length)
        }
        guard !whole.isEmpty else { return }
        var fields: [(String, JSONLine.Value)] = [("task", .text(task.name))]
        if let text = String(validating: whole, as: UTF8.self) {
            fields.append(("text", .text(text)))
        } else {
            fields.append(("text", .text(String(decoding: whole, as: UTF8.self))))
            fields.append(("bytes", .base64(whole)))
        }
        write("task-output", fields, elapsed, &output)
    }

    private func writeProgress(_ event: ReplayEvent, _ elapsed: Duration, _ output: inout [UInt8]) {
        guard case .taskProgress(let task, let completed, let total, let unit) = event else { return }
        var fields: [(String, JSONLine.Value)] = [("task", .text(task.name)), ("completed", .number(completed))]
        if let total { fields.append(("total", .number(total))) }
        write("task-progress", fields + [("unit", .text(unit.rawValue))], elapsed, &output)
    }

    private static func fields(of outcome: TaskOutcome) -> [(String, JSONLine.Value)] {
        switch outcome {
        case .done: [("outcome", .text("done"))]
        case .cached: [("outcome", .text("cached"))]
        case .failed(let message): [("outcome", .text("failed")), ("message", .text(message))]
        case .cancelled: [("outcome", .text("cancelled"))]
        }
    }

    private func write(
        _ event: String, _ fields: [(String, JSONLine.Value)], _ elapsed: Duration, _ output: inout [UInt8]
    ) {
        JSONLine.write(
            [("event", .text(event)), ("elapsed", .literal(Figures.milliseconds3(elapsed)))] + fields, to: &output)
    }
}
