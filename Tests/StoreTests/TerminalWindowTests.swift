import Glibc
import SystemCalls
import SystemPackage
import Testing

@Suite struct TerminalWindowTests {
    @Test func `a terminal knows its window`() throws {
        let terminal = try FileDescriptor.open(FilePath("/dev/ptmx"), .readWrite, options: [.closeOnExec, .noFollow])
        defer { try? terminal.close() }
        #expect(TerminalWindow.isTerminal(terminal))
        #expect(TerminalWindow(of: terminal) == nil, "nobody has set a size")
        var size = winsize(ws_row: 33, ws_col: 111, ws_xpixel: 0, ws_ypixel: 0)
        let status = unsafe withUnsafeMutablePointer(to: &size) { size in
            unsafe ioctl(terminal.rawValue, UInt(TIOCSWINSZ), UnsafeMutableRawPointer(size))
        }
        try #require(status == 0)
        #expect(TerminalWindow(of: terminal) == TerminalWindow(columns: 111, rows: 33))
    }

    @Test func `a file is no terminal`() throws {
        let file = try FileDescriptor.open(FilePath("/dev/null"), .readWrite, options: [.closeOnExec])
        defer { try? file.close() }
        #expect(!TerminalWindow.isTerminal(file))
        #expect(TerminalWindow(of: file) == nil)
    }
}
