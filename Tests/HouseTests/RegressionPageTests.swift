import Foundation
import SystemPackage
import Testing

/// `docs/regressions.md` names tests: they must be there.
@Suite struct RegressionPageTests {
    private static let page = PackageDump.root.appending("docs/regressions.md")

    /// The names in a text that lead to no test.
    private func missing(in text: String) throws -> [String] {
        try text.matches(of: /`(\w+)\/([\w+]+\.swift)#(\w+)`/).compactMap { match in
            let file = PackageDump.root.appending("Tests/\(match.1)/\(match.2)").string
            guard let source = try? String(contentsOfFile: file, encoding: .utf8) else {
                return "\(match.1)/\(match.2)"
            }
            let function = try Regex(#"@Test(?s:(?!\bfunc ).)*func \#(match.3)\("#)
            return source.contains(function) ? nil : "\(match.2)#\(match.3)"
        }
    }

    @Test func `each row of the page has tests, and each of them exists`() throws {
        let text = try String(contentsOfFile: Self.page.string, encoding: .utf8)
        #expect(try missing(in: text) == [])
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| failure |") }
        #expect(rows.count > 20)
        for row in rows { #expect(row.contains(".swift#"), "\(row)") }
    }

    @Test(arguments: [
        ("`HouseTests/HouseTests.swift#nosuch`", ["HouseTests.swift#nosuch"]),
        ("`HouseTests/NoSuch.swift#x`", ["HouseTests/NoSuch.swift"]),
        ("`HouseTests/RegressionPageTests.swift#found`", []),
        ("`HouseTests/RegressionPageTests.swift#missing`", ["RegressionPageTests.swift#missing"]),
    ])
    func found(text: String, expected: [String]) throws { #expect(try missing(in: text) == expected) }
}
