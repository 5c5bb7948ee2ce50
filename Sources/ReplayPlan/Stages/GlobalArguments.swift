internal import DockerfileLanguage

/// The scope before the first FROM: the platform arguments and the global ARGs.
enum GlobalArguments {
    /// The arguments when the user gives none; the predefined ones stay as they are.
    static func defaults(
        _ dockerfile: Dockerfile, options: PlanOptions, expander: WordExpander
    ) throws(PlanError) -> EnvironmentList {
        let names = predefined(options, targetName: "").map(\.0)
        var options = options
        options.buildArguments = options.buildArguments.filter { names.contains($0.key) }
        return try evaluate(dockerfile, options: options, expander: expander)
    }

    /// The predefined arguments, overridden by the user's, then the ARGs in order; each default sees those before it.
    static func evaluate(
        _ dockerfile: Dockerfile, options: PlanOptions, expander: WordExpander
    ) throws(PlanError) -> EnvironmentList {
        let targetName = options.target ?? dockerfile.stages.last?.name ?? ""
        var globals = EnvironmentList()
        for (name, value) in predefined(options, targetName: targetName) {
            globals.set(name, options.buildArguments[name] ?? value)
        }
        for instruction in dockerfile.globalArguments {
            for argument in instruction.arguments {
                if let given = options.buildArguments[argument.name] {
                    globals.set(argument.name, given)
                } else if let text = argument.defaultValue {
                    let scope = globals
                    let value = try planning(at: instruction.syntax.lines) { () throws(DockerfileError) in
                        try expander.expand(text) { scope[$0] }.text
                    }
                    globals.set(argument.name, value)
                }
            }
        }
        return globals
    }

    private static func predefined(_ options: PlanOptions, targetName: String) -> [(String, String)] {
        let (build, target) = (options.buildPlatform, options.platform)
        return [
            ("BUILDPLATFORM", build.description), ("BUILDOS", build.system), ("BUILDOSVERSION", build.systemVersion),
            ("BUILDARCH", build.architecture), ("BUILDVARIANT", build.variant),
            ("TARGETPLATFORM", target.description), ("TARGETOS", target.system),
            ("TARGETOSVERSION", target.systemVersion), ("TARGETARCH", target.architecture),
            ("TARGETVARIANT", target.variant), ("TARGETSTAGE", targetName.isEmpty ? "default" : targetName),
        ]
    }

    /// The proxy settings among the user's arguments, in both cases: they reach every RUN and nothing else.
    static func proxies(_ arguments: [String: String]) -> [(name: String, value: String)] {
        ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap { name -> [(String, String)] in
            let given = arguments.filter { $0.key.uppercased() == name }.sorted { $0.key < $1.key }
            guard let value = given.last?.value, !value.isEmpty else { return [] }
            return [(name, value), (name.lowercased(), value)]
        }
    }
}
