import Subprocess
import SystemPackage

/// Runs a program of this machine and answers its standard output.
@discardableResult func run(_ program: String, _ arguments: [String], in directory: FilePath? = nil) async throws
    -> String
{
    let result = try await Subprocess.run(
        .name(program), arguments: Arguments(arguments),
        environment: .inherit.updating(["LC_ALL": "C.UTF-8", "TZ": "UTC"]),
        workingDirectory: directory, output: .string(limit: 1 << 24), error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess else {
        throw ToolFailure(text: "\(program): \(result.terminationStatus): \(result.standardError)")
    }
    return result.standardOutput
}

struct ToolFailure: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}
