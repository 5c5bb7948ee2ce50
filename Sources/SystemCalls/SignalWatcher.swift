@unsafe @preconcurrency import Dispatch
import Glibc

/// Watches for signals that would otherwise end the process, and calls a function instead.
///
/// While a watcher lives the signals' default action is off, as dispatch sources need it (`dispatch_source_create(3)`).
/// The disposition stays "ignored" afterwards: a process that watched for Ctrl-C is about to end by itself.
public final class SignalWatcher: Sendable {
    private let sources: [any DispatchSourceSignal]

    /// Starts to watch.
    /// - Parameters:
    ///   - signals: The signals' numbers, such as `SIGINT`.
    ///   - handler: Called on a queue of its own with the signal's number, once a delivery.
    public init(_ signals: [Int32], handler: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "replay.signals")
        sources = signals.map { number in
            _ = Glibc.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handler(number) }
            source.activate()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    /// Signals with which users and init systems ask a program to end: Ctrl-C, SIGTERM, a closed terminal.
    public static var endingSignals: [Int32] { [SIGINT, SIGTERM, SIGHUP] }
}
