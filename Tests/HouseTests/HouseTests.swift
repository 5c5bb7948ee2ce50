import Testing

@Suite struct HouseTests {
    @Test func `this package keeps the rules`() async throws {
        let package = try await PackageDump.ofThisPackage()
        #expect(package.targets.count > 20)
        #expect(House().violations(in: package) == [])
        let files = try SourceFile.all(of: package, in: PackageDump.root)
        #expect(files.count > 50)
        #expect(files.flatMap { House().violations(in: $0, package: package) } == [])
    }

    /// The checker can fail: each of these breaks one rule.
    @Test(arguments: [
        (PackageDump.Target("ReplayPlan", ["Store"]), "'ReplayPlan' depends on 'Store', which is not below it."),
        (.init("Clouds", ["QEMUDriver"]), "'Clouds' depends on 'QEMUDriver', which is not below it."),
        (.init("Basemaps", ["GRDB"]), "'Basemaps' knows 'GRDB': only Store may."),
        (.init("ReplayEngine", ["CLibSSH2"]), "'ReplayEngine' knows 'CLibSSH2': only SSHTransport may."),
        (.init("NewModule", []), "'NewModule' stands in no row of the house: give it one."),
    ])
    func `a dependency that is not allowed is found`(target: PackageDump.Target, expected: String) {
        let others = ["ReplayPlan", "Clouds", "Basemaps", "ReplayEngine", "Store", "QEMUDriver"]
            .filter { $0 != target.name }.map { PackageDump.Target($0, []) }
        let package = PackageDump(targets: others + [target])
        #expect(House().violations(in: package) == [expected])
    }

    @Test func `what tests depend on is their own matter`() {
        let package = PackageDump(targets: [.init("Store", []), .init("XTests", ["Store", "GRDB"], isTest: true)])
        #expect(House().violations(in: package) == [])
    }

    @Test(arguments: [
        ("let x = unsafe y()", "says 'unsafe'"),
        ("nonisolated(unsafe) var x = 1", "says 'unsafe'"),
        ("let x = try! y()", "says 'try!'"),
        ("// TODO: later", "says 'TODO'"),
        ("/* FIXME */", "says 'FIXME'"),
        (String(repeating: "\n", count: 401), "has 401 lines, more than 400"),
        ("public import Clouds", "imports 'Clouds', which 'ReplayPlan' does not depend on"),
        ("@testable import Clouds", "imports 'Clouds', which 'ReplayPlan' does not depend on"),
        ("import Glibc", "imports 'Glibc', but 'ReplayPlan' is pure"),
        ("import struct SystemPackage.FilePath", "imports 'SystemPackage', but 'ReplayPlan' is pure"),
        ("let now = Date()", "says 'Date', but 'ReplayPlan' is pure"),
    ])
    func `a source that breaks a rule is found`(text: String, expected: String) {
        let package = PackageDump(targets: [
            .init("ReplayPlan", ["Basemaps"]), .init("Basemaps", []), .init("Clouds", []),
        ])
        let file = SourceFile(module: "ReplayPlan", path: "X.swift", text: text)
        #expect(House().violations(in: file, package: package) == ["X.swift \(expected)."])
    }

    @Test(arguments: [
        "import Basemaps\nimport Crypto", "// that would be unsafe", "let x = \"unsafe \\\" try!\"",
        "let x = #\"a \" unsafe\"#", "let x = \"\"\"\n  unsafe \" try!\n  \"\"\"",
        "/* a /* unsafe */ unsafe */ let x = 1",
        "withUnsafeBytes { _ in }; unsafely()", "let important = 1 // import Foundation", "let TODOs = 1",
        String(repeating: "\n", count: 400), "let x = /\"/\nlet y = \"unsafe\"", "let url = \"http://x\" // \"\n",
    ])
    func `a source that keeps the rules is not blamed`(text: String) {
        let package = PackageDump(targets: [.init("ReplayPlan", ["Basemaps"]), .init("Basemaps", [])])
        let file = SourceFile(module: "ReplayPlan", path: "X.swift", text: text)
        #expect(House().violations(in: file, package: package) == [])
    }

    @Test func `where C is met, unsafe may be said`() {
        let file = SourceFile(module: "SystemCalls", path: "X.swift", text: "unsafe x()")
        #expect(House().violations(in: file, package: PackageDump(targets: [])) == [])
        #expect(SourceCode.withoutWords("a // b\n\"c\\\"\"d\"\"\"\ne\"\"\"f") == "a \nd\nf")
    }
}
