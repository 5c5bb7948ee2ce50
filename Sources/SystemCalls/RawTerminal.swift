@unsafe @preconcurrency import Dispatch
import Glibc
public import SystemPackage

/// A terminal whose every key goes to this process as it is: no line editing, no echo, no Ctrl-C. termios(3), `cfmakeraw`.
///
/// Its settings come back when the value ends.
public final class RawTerminal: Sendable {
    private let descriptor: FileDescriptor
    private let settings: termios
    private let source: any DispatchSourceRead

    /// Takes a terminal over.
    /// - Parameters:
    ///   - descriptor: Leads to the terminal.
    ///   - receive: Called with what was typed, on a queue of its own; with nothing at the terminal's end.
    /// - Returns: nil when the descriptor leads to no terminal.
    public init?(_ descriptor: FileDescriptor, receive: @escaping @Sendable ([UInt8]) -> Void) {
        var settings = termios()
        guard unsafe tcgetattr(descriptor.rawValue, &settings) == 0 else { return nil }
        self.descriptor = descriptor
        self.settings = settings
        unsafe cfmakeraw(&settings)
        guard unsafe tcsetattr(descriptor.rawValue, TCSANOW, &settings) == 0 else { return nil }
        source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor.rawValue, queue: DispatchQueue(label: "replay.terminal"))
        source.setEventHandler { receive((try? descriptor.piece(upTo: 4096)) ?? []) }
        source.activate()
    }

    /// Gives the terminal back as it was. A second call does nothing new.
    public func restore() {
        source.cancel()
        var settings = settings
        _ = unsafe tcsetattr(descriptor.rawValue, TCSANOW, &settings)
    }

    deinit { restore() }
}
