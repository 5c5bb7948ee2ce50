import Foundation

/// How much memory this process uses (proc(5), `status` and `clear_refs`).
public enum MemoryUse {
    /// Runs a body and answers by how many bytes the resident memory grew at its peak over what it was before.
    ///
    /// Other tests of the process count too: only for suites that run alone.
    public static func growth(_ body: () async throws -> Void) async throws -> Int {
        // Since Linux 4.0: the peak begins anew.
        try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        let before = try bytes("VmRSS")
        try await body()
        return try bytes("VmHWM") - before
    }

    private static func bytes(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return (line.flatMap { Int($0.filter(\.isNumber)) } ?? 0) * 1024
    }
}
