import ReplayEvents
import Synchronization
import SystemCalls
import TerminalProgress

/// Runs a renderer over events at scripted times and keeps what it writes.
final class RenderedScript: Sendable {
    private struct State {
        var now = ContinuousClock.now
        var written: [[UInt8]] = []
        var window: TerminalWindow? = TerminalWindow(columns: 60, rows: 20)
    }

    /// What the renderer sees.
    private final class World: Sendable {
        let state = Mutex(State())
    }

    private let world = World()
    private let renderer: ProgressRenderer

    init(_ mode: ProgressMode, color: Bool = false) {
        let world = world
        renderer = ProgressRenderer(
            mode,
            surroundings: .init(
                color: color, window: { world.state.withLock { $0.window } },
                now: { world.state.withLock { $0.now } }),
            sink: { bytes in world.state.withLock { $0.written.append(bytes) } })
    }

    /// Lets time pass, in milliseconds, and then the event happen.
    func after(_ milliseconds: Int, _ event: ReplayEvent) {
        world.state.withLock { $0.now += .milliseconds(milliseconds) }
        renderer.handle(event)
    }

    /// Lets time pass and refreshes.
    func refresh(after milliseconds: Int) {
        world.state.withLock { $0.now += .milliseconds(milliseconds) }
        renderer.refresh()
    }

    func resize(columns: Int, rows: Int) {
        world.state.withLock { $0.window = TerminalWindow(columns: columns, rows: rows) }
    }

    func finish(after milliseconds: Int = 0) {
        world.state.withLock { $0.now += .milliseconds(milliseconds) }
        renderer.finish()
    }

    var writes: [[UInt8]] { world.state.withLock { $0.written } }
    var bytes: [UInt8] { writes.flatMap { $0 } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension RenderedScript {
    /// A build with a cached step, output that is cut anywhere, an upload beside it, a note and a warning.
    func playGoodBuild() {
        after(0, .buildStarted(name: "web:1", steps: 3))
        after(0, .notice("No acceleration: the guest runs emulated."))
        after(100, .taskStarted("boot", label: "[boot] debian:12"))
        after(50, .taskNote("boot", "recipe mmdebstrap, cached"))
        after(2950, .taskFinished("boot", .done))
        after(0, .taskStarted("step-1", label: "[1/3] WORKDIR /srv"))
        after(0, .taskFinished("step-1", .cached))
        after(0, .taskStarted("step-2", label: "[2/3] RUN apt-get update"))
        after(0, .taskStarted("upload-3", label: "[3/3] COPY: upload"))
        after(500, .taskOutput("step-2", Array("Get:1 http://deb\nGet:2 caf".utf8) + [0xC3]))
        after(500, .taskProgress("upload-3", completed: 10_000_000, total: 40_000_000, unit: .bytes))
        after(500, .taskProgress("upload-3", completed: 20_000_000, total: 40_000_000, unit: .bytes))
        after(500, .taskProgress("upload-3", completed: 30_000_000, total: 40_000_000, unit: .bytes))
        after(0, .taskOutput("step-2", [0xA9] + Array("\u{1B}[31m\r\n 50%\r100%\nno end".utf8)))
    }

    func endGoodBuild() {
        after(100, .warning("MAINTAINER is deprecated"))
        after(400, .taskFinished("step-2", .done))
        after(0, .taskProgress("upload-3", completed: 40_000_000, total: 40_000_000, unit: .bytes))
        after(0, .taskFinished("upload-3", .done))
        after(0, .taskStarted("step-3", label: "[3/3] COPY . ."))
        after(250, .taskFinished("step-3", .done))
        after(0, .buildFinished(template: "web:1", identifier: "0123456789ab"))
        finish()
    }

    func playBadBuild() {
        after(0, .buildStarted(name: "web:1", steps: 2))
        after(0, .taskStarted("step-1", label: "[1/2] RUN false\u{1B}]0;x\u{07}"))
        after(1200, .taskOutput("step-1", Array("one\ntwo\n".utf8)))
        after(300, .taskFinished("step-1", .failed("exit status 1\u{1B}[2J")))
        after(0, .taskStarted("step-2", label: "[2/2] RUN true"))
        after(0, .taskFinished("step-2", .cancelled))
        after(0, .buildFailed(message: "Dockerfile:2: RUN false: exit status 1"))
        finish()
    }
}
