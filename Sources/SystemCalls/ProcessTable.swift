import Glibc
internal import SystemPackage

/// The processes of this machine, as `/proc` has them.
public enum ProcessTable {
    /// The processes that have exactly this word among their arguments. Zombies have no arguments any more.
    public static func processes(withArgument word: String) -> [ProcessIdentity] {
        all().filter { $0.arguments.contains(word) }
    }

    /// All processes whose arguments can be read.
    public static func all() -> [ProcessIdentity] {
        guard let directory = unsafe opendir("/proc") else { return [] }
        defer { unsafe closedir(directory) }
        var found: [ProcessIdentity] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard let number = Int32(name), let process = ProcessIdentity(of: number) else { continue }
            found.append(process)
        }
        return found
    }
}

extension ProcessIdentity {
    /// The process's arguments, the program's own name first; empty for a zombie and for what is gone.
    public var arguments: [String] {
        guard isAlive, let bytes = try? SmallFile.read(FilePath("/proc/\(identifier)/cmdline"), limit: 1 << 20) else {
            return []
        }
        var words = bytes.split(separator: 0, omittingEmptySubsequences: false)
        if words.last?.isEmpty == true { words.removeLast() }
        return words.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Sends a signal, unless the process is gone. Answers whether it was sent.
    ///
    /// Between looking and sending, the number could in theory be given away; the kernel hands numbers out in turn, so
    /// that this takes a whole round of them within microseconds.
    @discardableResult
    public func send(signal: CInt) -> Bool { isAlive && kill(identifier, signal) == 0 }
}
