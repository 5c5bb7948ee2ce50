import CLibSSH2
import Glibc

/// Ends a `poll(2)` from another thread: an eventfd(2) that becomes readable.
package final class Wakeup: Sendable {
    /// The descriptor to poll for reading.
    package let descriptor: CInt

    package init() throws {
        descriptor = eventfd(0, CInt(EFD_NONBLOCK) | CInt(EFD_CLOEXEC))
        guard descriptor >= 0 else { throw SSHError.system("eventfd", errno) }
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Makes the descriptor readable. Callable from anywhere, any number of times.
    package func signal() {
        _ = eventfd_write(descriptor, 1)
    }

    /// Makes the descriptor unreadable until the next signal.
    package func clear() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor, &count)
    }
}
