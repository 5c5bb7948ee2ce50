import ReplayTestSupport
import Testing

@testable import BaseImages

@Suite struct ChecksumFileTests {
    static let one = String(repeating: "1a", count: 32)
    static let two = String(repeating: "2B", count: 32)

    @Test func readsBothForms() {
        let file = ChecksumFile(
            """
            -----BEGIN PGP SIGNED MESSAGE-----
            # comment
            \(Self.one)  a.qcow2
            \(Self.two) *./b.qcow2
            SHA256 (c d.qcow2) = \(Self.one)
            1234  short.qcow2
            """, digits: 64)
        #expect(file["a.qcow2"] == Self.one)
        #expect(file["b.qcow2"] == Self.two.lowercased())
        #expect(file["c d.qcow2"] == Self.one)
        #expect(file["short.qcow2"] == nil)
        #expect(file["-----BEGIN"] == nil)
    }

    @Test func bothDigestsOfAFileAreComputedInOnePass() async throws {
        try await ScratchDirectory.with { scratch in
            let digest = try FileDigest(of: scratch.write("abc", to: "f"))
            // FIPS 180-4's example.
            #expect(digest.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
            #expect(digest.sha512.hasPrefix("ddaf35a193617abacc417349ae204131"))
            #expect(digest.size == 3)
        }
    }
}
