import Foundation
import Subprocess
import SystemPackage

/// Runs a program of this machine and answers what it printed; a failure is an error with what it said.
func run(_ program: String, _ arguments: [String], in directory: FilePath? = nil) async throws -> String {
    let result = try await Subprocess.run(
        .name(program), arguments: Arguments(arguments),
        environment: .inherit.updating(["LC_ALL": "C.UTF-8", "TZ": "UTC"]), workingDirectory: directory,
        output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess else {
        throw ToolFailure(message: "\(program): \(result.standardError)")
    }
    return result.standardOutput + result.standardError
}

struct ToolFailure: Error { var message: String }

/// Whether a program is on the search path or among the administrator's.
func has(_ program: String) -> Bool {
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
    return path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
}
