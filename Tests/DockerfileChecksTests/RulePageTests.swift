import DockerfileChecks
import DockerfileLanguage
import Foundation
import Testing

/// Each rule has a page below `docs/rules`, and the page's two examples are true.
@Suite struct RulePageTests {
    private static let pages = packageRoot.appending(path: "docs/rules")

    /// The blocks of a language in a page.
    private static func blocks(_ language: String, in page: String) -> [String] {
        page.components(separatedBy: "```\(language)\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
    }

    @Test(arguments: Rule.all.map(\.name)) func thePageShowsTheRule(_ name: String) throws {
        let page = try String(contentsOf: Self.pages.appending(path: "\(name).md"), encoding: .utf8)
        #expect(page.hasPrefix("# \(name)\n"))
        let examples = Self.blocks("dockerfile", in: page)
        try #require(examples.count == 2)
        let ignored = Self.blocks("dockerignore", in: page).first?.split(separator: "\n").map(String.init)
        let argument = page.components(separatedBy: "`--build-arg ").dropFirst().first?.prefix { $0 != "`" }
            .split(separator: "=").map(String.init)
        let found = check(examples[0], ignoring: ignored, argument: argument).findings
        #expect(found.contains { $0.rule == name }, "\(found)")
        let other = check(examples[1], ignoring: ignored).findings
        #expect(!other.contains { $0.rule == name }, "\(other)")
        #expect(page.contains("; \(Rule.named(name)?.severity.rawValue ?? "").") || name == "ForeignFrontend")
        #expect(page.contains("--fix") == (Rule.named(name)?.isFixable == true))
    }

    @Test func everyPageIsOfARuleAndIsListed() throws {
        let index = try String(contentsOf: Self.pages.appending(path: "README.md"), encoding: .utf8)
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.pages.path).filter { $0 != "README.md" }
        #expect(Set(files) == Set(Rule.all.map { $0.name + ".md" }))
        for file in files { #expect(index.contains("(\(file))")) }
    }

    /// The language has BuildKit's rules as constants: none is missing here.
    @Test func allOfBuildKitsRulesAreThere() {
        let names: [LintRule] = [
            .stageNameCasing, .fromAsCasing, .noEmptyContinuation, .consistentInstructionCasing, .duplicateStageName,
            .reservedStageName, .jsonArgsRecommended, .maintainerDeprecated, .undefinedArgInFrom, .workdirRelativePath,
            .undefinedVar, .multipleInstructionsDisallowed, .legacyKeyValueFormat, .invalidBaseImagePlatform,
            .redundantTargetPlatform, .secretsUsedInArgOrEnv, .invalidDefaultArgInFrom,
            .fromPlatformFlagConstDisallowed, .copyIgnoredFile, .exposeProtoCasing, .exposeInvalidFormat,
            .invalidDefinitionDescription,
        ]
        #expect(names.count == 22)
        for name in names { #expect(Rule.named(name.rawValue)?.origin == .buildKit) }
    }
}
