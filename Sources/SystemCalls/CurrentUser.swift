import Glibc
import SystemPackage

/// Who runs this program.
public enum CurrentUser {
    /// The effective user's number (`geteuid(2)`).
    public static var identifier: UInt32 { geteuid() }

    /// `user@host`, for people: the user's number where it has no name.
    public static var atThisMachine: String {
        var user = String(geteuid())
        if let entry = unsafe getpwuid(geteuid()), let text = unsafe entry.pointee.pw_name {
            user = unsafe String(cString: text)
        }
        let bytes = (try? SmallFile.read("/proc/sys/kernel/hostname")) ?? []
        let host = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return "\(user)@\(host)"
    }
}
