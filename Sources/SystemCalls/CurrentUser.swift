import Glibc

/// Who runs this program.
public enum CurrentUser {
    /// The effective user's number (`geteuid(2)`).
    public static var identifier: UInt32 { geteuid() }
}
