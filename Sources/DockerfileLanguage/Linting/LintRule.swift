/// A lint rule, by BuildKit's name for it: users skip rules by name.
public struct LintRule: RawRepresentable, Sendable, Hashable {
    /// The name.
    public let rawValue: String

    /// Makes a rule.
    public init(rawValue: String) { self.rawValue = rawValue }

    private init(_ name: String) { rawValue = name }

    /// Stage names are written in lower case.
    public static let stageNameCasing = LintRule("StageNameCasing")
    /// AS is written in the case of FROM.
    public static let fromAsCasing = LintRule("FromAsCasing")
    /// No blank line inside of a continued instruction.
    public static let noEmptyContinuation = LintRule("NoEmptyContinuation")
    /// All instructions in one case.
    public static let consistentInstructionCasing = LintRule("ConsistentInstructionCasing")
    /// A stage name stands once.
    public static let duplicateStageName = LintRule("DuplicateStageName")
    /// `scratch` and `context` are no stage names.
    public static let reservedStageName = LintRule("ReservedStageName")
    /// CMD and ENTRYPOINT in JSON form.
    public static let jsonArgsRecommended = LintRule("JSONArgsRecommended")
    /// A label instead of MAINTAINER.
    public static let maintainerDeprecated = LintRule("MaintainerDeprecated")
    /// FROM uses declared arguments only.
    public static let undefinedArgInFrom = LintRule("UndefinedArgInFrom")
    /// The first WORKDIR is absolute.
    public static let workdirRelativePath = LintRule("WorkdirRelativePath")
    /// Variables are defined.
    public static let undefinedVar = LintRule("UndefinedVar")
    /// CMD, ENTRYPOINT and HEALTHCHECK stand once in a stage.
    public static let multipleInstructionsDisallowed = LintRule("MultipleInstructionsDisallowed")
    /// `ENV name=value`, not `ENV name value`.
    public static let legacyKeyValueFormat = LintRule("LegacyKeyValueFormat")
    /// The base is of the platform that is asked for.
    public static let invalidBaseImagePlatform = LintRule("InvalidBaseImagePlatform")
    /// No `--platform=$TARGETPLATFORM`: it is the default.
    public static let redundantTargetPlatform = LintRule("RedundantTargetPlatform")
    /// No secrets in ARG and ENV.
    public static let secretsUsedInArgOrEnv = LintRule("SecretsUsedInArgOrEnv")
    /// FROM is valid with the arguments' defaults.
    public static let invalidDefaultArgInFrom = LintRule("InvalidDefaultArgInFrom")
    /// No constant `--platform`.
    public static let fromPlatformFlagConstDisallowed = LintRule("FromPlatformFlagConstDisallowed")
    /// No COPY of what the ignore file excludes.
    public static let copyIgnoredFile = LintRule("CopyIgnoredFile")
    /// A protocol in lower case.
    public static let exposeProtoCasing = LintRule("ExposeProtoCasing")
    /// EXPOSE without address and host port.
    public static let exposeInvalidFormat = LintRule("ExposeInvalidFormat")
    /// A comment above ARG and a named FROM begins with the name.
    public static let invalidDefinitionDescription = LintRule("InvalidDefinitionDescription")

    /// Whether the rule is off unless it is asked for.
    public var isExperimental: Bool { self == .invalidDefinitionDescription }
}
