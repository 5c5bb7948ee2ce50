import Glibc
public import SystemPackage

/// The window that a terminal shows its text in.
public struct TerminalWindow: Sendable, Hashable {
    /// Its width in cells.
    public var columns: Int
    /// Its height in lines.
    public var rows: Int

    /// Makes a size.
    public init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    /// The window of the terminal that a descriptor leads to (`TIOCGWINSZ`, ioctl_tty(2)); nil when it is no terminal or
    /// does not know its size.
    public init?(of descriptor: FileDescriptor) {
        var size = winsize()
        let status = unsafe withUnsafeMutablePointer(to: &size) { size in
            unsafe ioctl(descriptor.rawValue, UInt(TIOCGWINSZ), UnsafeMutableRawPointer(size))
        }
        guard status == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        self.init(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// Whether a descriptor leads to a terminal (`isatty(3)`).
    public static func isTerminal(_ descriptor: FileDescriptor) -> Bool { isatty(descriptor.rawValue) == 1 }
}
