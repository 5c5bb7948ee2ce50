import CopyVectorSupport
import ReplayTestSupport
import SystemPackage
import Testing

/// COPY and ADD with the programs of this machine, in a directory that stands for `/`.
@Suite(.enabled(if: namespacesWork, "needs root and unshare(1)"), .timeLimit(.minutes(5)))
struct CopyVectorsOnADirectory {
    @Test func buildKitsOwnTreesComeOutOrItsErrors() async throws {
        let scratch = try ScratchDirectory()
        let failures = try await CopyVectors.failures(on: LocalConnector(), root: scratch("root").string)
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }
}
