internal import SystemCalls
internal import SystemPackage

/// This machine's memory.
enum HostMemory {
    /// What can be had without swapping, in MiB: `MemAvailable` of proc(5); nil when it is not known.
    static func availableMiB() -> Int? {
        guard let bytes = try? SmallFile.read("/proc/meminfo") else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix("MemAvailable:")
        }
        guard let words = line?.split(separator: " "), words.count >= 2, let kibibytes = Int(words[1]) else {
            return nil
        }
        return kibibytes >> 10
    }
}
