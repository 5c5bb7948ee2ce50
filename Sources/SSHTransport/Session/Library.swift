import CLibSSH2

/// The C library as a whole.
enum Library {
    /// libssh2_init(3): "not thread safe", so it is called through a global, once.
    private static let initialisation: CInt = libssh2_init(0)

    static func start() throws {
        guard initialisation == 0 else {
            throw SSHError(.noResources, "libssh2 could not be started (\(initialisation)).")
        }
    }

    /// The library that runs, which may be newer than the one this was built with.
    static var version: String {
        unsafe libssh2_version(0).map { unsafe String(cString: $0) } ?? "unknown"
    }

    /// Whether the library that runs is at least this one (`0x010b00` is 1.11.0).
    static func isAtLeast(_ number: CInt) -> Bool {
        unsafe libssh2_version(number) != nil
    }
}
