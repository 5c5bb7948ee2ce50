import ReplayEvents

/// The tasks of a build, and the lines that show them.
struct TaskScreen: Sendable {
    private struct TaskState {
        var label: String
        var isStep: Bool
        var start: Duration
        var end: Duration?
        var outcome: TaskOutcome?
        var notes: [String] = []
        var meter: ProgressMeter?
        var tail = OutputTail()
    }

    /// The most lines of a task's output, and the most notes.
    private static let outputLines = 6
    private static let noteLines = 3

    private var tasks: [TaskState] = []
    private var places: [TaskID: Int] = [:]
    private var steps: Int?

    /// Whether there is nothing to show.
    var isEmpty: Bool { steps == nil && tasks.isEmpty }
    /// Whether a time is running on the screen.
    var isRunning: Bool { tasks.contains { $0.end == nil } }

    mutating func update(_ event: ReplayEvent, at elapsed: Duration) {
        switch event {
        case .buildStarted(_, let steps): self.steps = steps
        case .taskStarted(let task, let label):
            places[task] = tasks.count
            tasks.append(
                TaskState(label: OutputLines.line(of: label), isStep: task.name.hasPrefix("step-"), start: elapsed))
        case .taskProgress(let task, let completed, let total, let unit):
            change(task) { task in
                var meter = task.meter ?? ProgressMeter()
                meter.update(completed: completed, total: total, unit: unit, at: elapsed)
                task.meter = meter
            }
        case .taskNote(let task, let text):
            change(task) { task in
                task.notes.append(OutputLines.line(of: text))
                if task.notes.count > TaskScreen.noteLines { task.notes.removeFirst() }
            }
        case .taskOutput(let task, let bytes): change(task) { $0.tail.append(bytes, at: elapsed) }
        case .taskFinished(let task, let outcome):
            change(task) { task in
                task.end = elapsed
                task.outcome = outcome
                if case .failed = outcome { return }
                task.tail = OutputTail()
            }
        case .warning, .notice, .buildFinished, .buildFailed: break
        }
    }

    private mutating func change(_ task: TaskID, _ body: (inout TaskState) -> Void) {
        if let place = places[task] { body(&tasks[place]) }
    }

    /// The output's last lines of each failed task.
    var failures: String {
        tasks.reduce(into: "") { text, task in
            if case .failed = task.outcome { text += task.tail.block(label: task.label, since: task.start) }
        }
    }

    /// The screen, each line exactly `columns` wide. With `rows` it leaves the last row free and, when there is too
    /// much, leaves out finished tasks, then output, then notes; without, it is the last drawing and has everything.
    func lines(at elapsed: Duration, columns: Int, rows: Int?) -> [ScreenLine] {
        let header = ScreenLine(text: Cells.fit(header(at: elapsed, isLast: rows == nil), to: columns), style: .plain)
        guard let rows else {
            return [header]
                + tasks.flatMap { lines(of: $0, at: elapsed, columns, output: 0, notes: TaskScreen.noteLines) }
        }
        let room = max(rows - 2, 0)
        var shown = tasks[...].map { $0 }
        var body: [ScreenLine] = []
        func fits(output: Int, notes: Int) -> Bool {
            body = shown.flatMap { lines(of: $0, at: elapsed, columns, output: output, notes: notes) }
            return body.count <= room
        }
        while !fits(output: TaskScreen.outputLines, notes: TaskScreen.noteLines),
            let oldest = shown.firstIndex(where: { $0.outcome == .done || $0.outcome == .cached })
        {
            shown.remove(at: oldest)
        }
        for (output, notes) in [(6, 3), (3, 1), (1, 0), (0, 0)] where fits(output: output, notes: notes) { break }
        return rows > 1 ? [header] + body.suffix(room) : []
    }

    private func header(at elapsed: Duration, isLast: Bool) -> String {
        let total = (steps ?? 0) + tasks.count { steps == nil || !$0.isStep }
        let done = tasks.count { $0.outcome == .done || $0.outcome == .cached }
        let verb = steps == nil ? "" : " Building"
        return "[+]\(verb) \(Figures.seconds(elapsed)) (\(done)/\(max(total, tasks.count)))\(isLast ? " FINISHED" : "")"
    }

    private func lines(
        of task: TaskState, at elapsed: Duration, _ columns: Int, output: Int, notes: Int
    ) -> [ScreenLine] {
        let (word, style): (String, ScreenLine.Style) =
            switch task.outcome {
            case nil: ("", .plain)
            case .done: ("", .blue)
            case .cached: ("CACHED ", .blue)
            case .failed: ("ERROR ", .red)
            case .cancelled: ("CANCELED ", .yellow)
            }
        let time = " " + Figures.seconds((task.end ?? elapsed) - task.start)
        let room = columns - time.utf8.count
        // A narrow window has no room for times.
        let text =
            room < 12
            ? Cells.fit(" => \(word)\(task.label)", to: columns)
            : Cells.fit(" => \(word)\(task.label)", to: room) + time
        var lines = [ScreenLine(text: text, style: style)]
        func add(_ text: String, _ style: ScreenLine.Style = .plain) {
            lines.append(ScreenLine(text: Cells.fit(" => => \(text)", to: columns), style: style))
        }
        for note in task.notes.suffix(notes) { add(note) }
        if case .failed(let message) = task.outcome { add(OutputLines.line(of: message), .red) }
        guard task.end == nil else { return lines }
        if let meter = task.meter { add(TaskScreen.text(of: meter, at: elapsed, cells: columns - 7)) }
        for line in task.tail.last(output) { add("# \(line)", .faint) }
        return lines
    }

    /// As much as there is room for: bar, amount and rate; amount and rate; amount.
    private static func text(of meter: ProgressMeter, at elapsed: Duration, cells: Int) -> String {
        let rate = meter.rate(at: elapsed)
        let candidates = [
            [meter.bar(cells: 22), meter.amount, rate].compactMap { $0 }, [meter.amount, rate].compactMap { $0 },
        ].map { $0.joined(separator: " ") }
        return candidates.first { $0.utf8.count <= cells } ?? meter.amount
    }
}
