extension Rule {
    /// BuildKit's rules, in its order, and one about what BuildKit would do itself.
    static let buildKits: [Rule] = [
        Rule(
            "StageNameCasing", .buildKit, "Stage names are written in lower case.",
            hint: "Write the name in lower case; COPY --from finds it in any case.", isFixable: true),
        Rule(
            "FromAsCasing", .buildKit, "AS is written in the case of FROM.", hint: "Write both in the same case.",
            isFixable: true),
        Rule(
            "NoEmptyContinuation", .buildKit, "A continued instruction has no blank lines in it.",
            hint: "Remove the blank line: later versions of the language will end the instruction there.",
            isFixable: true),
        Rule(
            "ConsistentInstructionCasing", .buildKit, "All instructions are written in one case.",
            hint: "Write the keyword as most others are written.", isFixable: true),
        Rule(
            "DuplicateStageName", .buildKit, "A stage name stands once.",
            hint: "Rename one of them: FROM and COPY --from do not mean the same one."),
        Rule(
            "ReservedStageName", .buildKit, "scratch and context are no stage names.", hint: "Choose another name."),
        Rule(
            "JSONArgsRecommended", .buildKit, "CMD and ENTRYPOINT are written in JSON form.",
            hint: "Write it as a JSON array: the program then gets the stop signal itself.", isFixable: true),
        Rule(
            "MaintainerDeprecated", .buildKit, "LABEL is used instead of MAINTAINER.",
            hint: "Write LABEL org.opencontainers.image.authors=\"…\".", isFixable: true),
        Rule(
            "UndefinedArgInFrom", .buildKit, "FROM uses arguments that an ARG before it declares.",
            hint: "Declare it with ARG before the first FROM."),
        Rule(
            "WorkdirRelativePath", .buildKit, "The first WORKDIR of a stage is absolute.",
            hint: "Begin the path with /."),
        Rule(
            "UndefinedVar", .buildKit, "Variables are set before they are used.",
            hint: "Declare it with ARG or set it with ENV in this stage."),
        Rule(
            "MultipleInstructionsDisallowed", .buildKit, "CMD, ENTRYPOINT and HEALTHCHECK stand once in a stage.",
            hint: "Remove it: only the last one counts."),
        Rule(
            "LegacyKeyValueFormat", .buildKit, "ENV and LABEL are written NAME=VALUE.", hint: "Write NAME=VALUE.",
            isFixable: true),
        Rule(
            "InvalidBaseImagePlatform", .buildKit, "The base is of the platform that is asked for.",
            hint: "Leave --platform out, or build for that platform."),
        Rule(
            "RedundantTargetPlatform", .buildKit, "FROM does not ask for the platform that is the default.",
            hint: "Leave --platform out.", isFixable: true),
        Rule(
            "SecretsUsedInArgOrEnv", .buildKit, "ARG and ENV hold no secrets.",
            hint: "ENV becomes a file that every user of the machine can read: give the secret to the machine at boot."),
        Rule(
            "InvalidDefaultArgInFrom", .buildKit, "FROM is valid when no build argument is given.",
            hint: "Give the ARG a default."),
        Rule(
            "FromPlatformFlagConstDisallowed", .buildKit, "FROM names no fixed platform.",
            hint: "Leave --platform out, or use $BUILDPLATFORM."),
        Rule(
            "CopyIgnoredFile", .buildKit, "COPY names nothing that the ignore file takes out of the context.",
            hint: "Take the pattern out of the ignore file, or the source out of the instruction."),
        Rule(
            "InvalidDefinitionDescription", .buildKit, "A comment above ARG and FROM begins with the name.",
            hint: "Begin the comment with the name, or put a blank comment line between."),
        Rule(
            "ExposeProtoCasing", .buildKit, "The protocol in EXPOSE is in lower case.",
            hint: "Write tcp, udp or sctp.", isFixable: true),
        Rule(
            "ExposeInvalidFormat", .buildKit, "EXPOSE names a port only.",
            hint: "Leave address and host port out: they are decided when a machine is started."),
        Rule(
            "ForeignFrontend", .buildKit, "# syntax= names Docker's own front end.",
            hint: "The line is not obeyed: the file is read as an ordinary Dockerfile."),
    ]
}
