import DockerfileLanguage
import Testing

/// The rules that need only the file.
@Suite struct LintingTests {
    private func rules(_ text: String, _ check: String = "") throws -> [String] {
        let configuration = try CheckConfiguration(parsing: check)
        return DockerfileLinter.warnings(in: try DockerfileParser.parse(text), configuration: configuration)
            .map { "\($0.rule) \($0.range.first)" }
    }

    @Test(arguments: [
        ("FROM a AS Foo\n", "", ["StageNameCasing 1"]),
        ("FROM a as b\n", "", ["FromAsCasing 1"]),
        ("From a as b\n", "", ["ConsistentInstructionCasing 1"]),
        ("FROM a\nRUN x \\\n\n y\n", "", ["NoEmptyContinuation 4"]),
        ("FROM a\nrun x\n", "", ["ConsistentInstructionCasing 2"]),
        ("from a\nrun x\nRUN y\n", "", ["ConsistentInstructionCasing 3"]),
        ("FROM a AS b\nFROM c AS b\n", "", ["DuplicateStageName 2"]),
        ("FROM a AS scratch\n", "", ["ReservedStageName 1"]),
        ("FROM a\nMAINTAINER m\n", "", ["MaintainerDeprecated 2"]),
        ("FROM a\nMAINTAINER m\n", "skip=all", []),
        ("FROM a\nMAINTAINER m\n", "skip=X, MaintainerDeprecated;error=true", []),
        ("FROM a\n# check=skip=MaintainerDeprecated why\nMAINTAINER m\n", "", []),
        ("# c\nARG a\nFROM a\n", "", []),
        ("# c\nARG a\nFROM a\n", "experimental=all", ["InvalidDefinitionDescription 2"]),
        ("# a text\nARG a\nFROM a\n", "experimental=InvalidDefinitionDescription", []),
        ("FROM a\n", "", []),
    ])
    func warns(_ text: String, _ check: String, _ expected: [String]) throws {
        #expect(try rules(text, check) == expected)
    }

    @Test(arguments: ["skip", "foo=x", "error=maybe", "skip=a;b", "skip=a;error=true;experimental=b;skip=c"])
    func wrongOptionsAreErrors(_ check: String) {
        let isValid = (try? CheckConfiguration(parsing: check)) != nil
        // What stands after the third `;` is part of the third value, as in BuildKit.
        #expect(isValid == check.hasSuffix("skip=c"))
    }
}
