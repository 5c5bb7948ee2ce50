import ReplayEvents

/// BuildKit's `--progress=plain`: every line has its task's number, output the seconds since the task began.
///
/// ```
/// #7 [2/5] RUN apt-get update
/// #7 1.234 Get:1 http://deb.debian.org/debian bookworm InRelease
/// #7 DONE 3.2s
/// ```
struct PlainDisplay: ProgressDisplay {
    private struct TaskState {
        var number: Int
        var label: String
        var start: Duration
        var lines = OutputLines()
        var meter = ProgressMeter()
        var lastProgress: Duration?
        var progressIsDue = false
    }

    private var tasks: [TaskID: TaskState] = [:]
    private var count = 0
    /// The task that was named last, while it runs.
    private var current: TaskID?

    mutating func handle(_ event: ReplayEvent, at elapsed: Duration, into output: inout [UInt8]) {
        switch event {
        case .buildStarted(let name, let steps):
            output.write("Building \(OutputLines.line(of: name)), \(steps) steps\n")
        case .taskStarted(let task, let label):
            count += 1
            tasks[task] = TaskState(number: count, label: OutputLines.line(of: label), start: elapsed)
            turn(to: task, &output)
        case .taskProgress(let task, let completed, let total, let unit):
            guard var state = tasks[task] else { return }
            state.meter.update(completed: completed, total: total, unit: unit, at: elapsed)
            state.progressIsDue = true
            tasks[task] = state
            if state.lastProgress.map({ elapsed - $0 >= .seconds(1) }) ?? (elapsed - state.start >= .seconds(1)) {
                writeProgress(of: task, at: elapsed, &output)
            }
        case .taskNote(let task, let text):
            for line in OutputLines.lines(of: text) { write(line, about: task, &output) }
        case .taskOutput(let task, let bytes): writeOutput(of: task, bytes, at: elapsed, &output)
        case .taskFinished(let task, let outcome): end(task, outcome, at: elapsed, &output)
        case .warning(let text): aside("WARNING: \(text)", &output)
        case .notice(let text): aside(text, &output)
        case .buildFinished(let template, let identifier):
            aside("Built \(template) (\(identifier)) in \(Figures.seconds(elapsed))", &output)
        case .buildFailed(let message): aside("ERROR: \(message)", &output)
        }
    }

    mutating func finish(at elapsed: Duration, into output: inout [UInt8]) {
        for task in tasks.sorted(by: { $0.value.number < $1.value.number }).map(\.key) {
            flush(task, at: elapsed, &output)
        }
    }

    private mutating func writeOutput(
        of task: TaskID, _ bytes: [UInt8], at elapsed: Duration, _ output: inout [UInt8]
    ) {
        guard var lines = tasks[task]?.lines else { return }
        // Taken out while it works, so that it is not copied.
        tasks[task]?.lines = OutputLines()
        var prefix: String?
        lines.append(bytes[...]) { line in
            if prefix == nil { prefix = outputPrefix(task, at: elapsed, &output) }
            guard let prefix else { return }
            output.write(prefix)
            output.append(contentsOf: line)
            output.append(0x0A)
        }
        tasks[task]?.lines = lines
    }

    private mutating func outputPrefix(_ task: TaskID, at elapsed: Duration, _ output: inout [UInt8]) -> String? {
        turn(to: task, &output)
        return tasks[task].map { "#\($0.number) \(Figures.milliseconds3(elapsed - $0.start)) " }
    }

    private mutating func end(
        _ task: TaskID, _ outcome: TaskOutcome, at elapsed: Duration, _ output: inout [UInt8]
    ) {
        guard let state = tasks[task] else { return }
        flush(task, at: elapsed, &output)
        let time = Figures.seconds(elapsed - state.start)
        switch outcome {
        case .done: write("DONE \(time)", about: task, &output)
        case .cached: write("CACHED", about: task, &output)
        case .failed(let message): write("ERROR: \(OutputLines.line(of: message))", about: task, &output)
        case .cancelled: write("CANCELED", about: task, &output)
        }
        tasks[task] = nil
        guard current == task else { return }
        current = nil
        output.write("\n")
    }

    /// What a task still has to say: its last figures, and the line that it did not end.
    private mutating func flush(_ task: TaskID, at elapsed: Duration, _ output: inout [UInt8]) {
        if tasks[task]?.progressIsDue == true { writeProgress(of: task, at: elapsed, &output) }
        var rest: String?
        tasks[task]?.lines.flush { rest = String(decoding: $0, as: UTF8.self) }
        guard let rest, let prefix = outputPrefix(task, at: elapsed, &output) else { return }
        output.write("\(prefix)\(rest)\n")
    }

    private mutating func writeProgress(of task: TaskID, at elapsed: Duration, _ output: inout [UInt8]) {
        guard let meter = tasks[task]?.meter else { return }
        tasks[task]?.progressIsDue = false
        tasks[task]?.lastProgress = elapsed
        write([meter.amount, meter.rate(at: elapsed)].compactMap { $0 }.joined(separator: " "), about: task, &output)
    }

    private func write(_ text: String, about task: TaskID, _ output: inout [UInt8]) {
        if let number = tasks[task]?.number { output.write("#\(number) \(text)\n") }
    }

    /// What belongs to no task.
    private func aside(_ text: String, _ output: inout [UInt8]) {
        output.write(OutputLines.lines(of: text).joined(separator: "\n") + "\n")
    }

    /// Names the task, anew when the last lines were another one's.
    private mutating func turn(to task: TaskID, _ output: inout [UInt8]) {
        guard current != task, let state = tasks[task] else { return }
        if current != nil { output.write("\n") }
        current = task
        output.write("#\(state.number) \(state.label)\n")
    }
}
