import Foundation

/// Does the ``BuildJob`` in a file and prints the names of its steps: a client for the tests to kill. It is no part of what is
/// installed.
@main struct BuildClient {
    static func main() async throws {
        guard let path = CommandLine.arguments.dropFirst().first else { exit(2) }
        let job = try JSONDecoder().decode(BuildJob.self, from: Data(contentsOf: URL(filePath: path)))
        do {
            print(try await job.run().joined(separator: " "))
        } catch {
            try FileHandle.standardError.write(contentsOf: Data("\(error)\n".utf8))
            exit(1)
        }
    }
}
