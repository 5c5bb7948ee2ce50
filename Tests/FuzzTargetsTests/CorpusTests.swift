import Foundation
import FuzzTargets
import ReplayTestSupport
import Testing

/// What fuzzing has found worth keeping, and what once crashed (`crash-…`), goes through the targets.
@Suite struct CorpusTests {
    private static let corpus = URL(filePath: PackagePlaces.root).appending(path: "Tests/Corpus")

    @Test(arguments: FuzzTarget.allCases) func theCorpusEndsWell(_ target: FuzzTarget) throws {
        let folder = Self.corpus.appending(path: target.rawValue)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names.count > 5)
        for name in names { target.run(Array(try Data(contentsOf: folder.appending(path: name)))) }
    }

    /// All Dockerfiles of the tests are a corpus too, and so is what is cut off anywhere.
    @Test func dockerfilesThatAreCutOffEndWell() throws {
        let folder = URL(filePath: PackagePlaces.root).appending(path: "Tests/DockerfileChecksTests/Fixtures")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let file = folder.appending(path: name).appending(path: "Dockerfile")
            guard let data = try? Data(contentsOf: file) else { continue }
            let bytes = Array(data)
            for length in stride(from: 0, to: bytes.count, by: 7) { FuzzTarget.parser.run(Array(bytes[..<length])) }
        }
    }
}
