/// The rules of the house (see the page on the architecture), as data.
struct House {
    /// The modules, from the ground up. A module may import what stands in an earlier row, and nothing else of ours.
    var rows: [Set<String>] = [
        // The C libraries.
        ["CLibSSH2", "CCurl", "CArchive"],
        // Values and protocols, and what meets the system.
        ["DockerfileLanguage", "Basemaps", "ReplayEvents", "RemoteHosts", "SystemCalls", "Archives"],
        // The protocol of clouds speaks of bases and events.
        ["Clouds"],
        ["ReplayPlan", "SSHTransport", "HTTPTransport", "Store", "GuestSupervisor", "TerminalProgress"],
        ["BuildContexts", "ImageRegistry", "BaseImages", "TemplateAudit", "MachineServices", "DockerfileChecks"],
        ["QEMUDriver", "VSphereDriver", "Explanations", "BaseResolution", "ReplayEngine", "Capture", "Templates"],
        ["ReplayCommands"],
        ["replay"],
    ]
    /// Who may know a library: at most two modules each.
    var libraries: [String: Set<String>] = [
        "CLibSSH2": ["SSHTransport"], "CCurl": ["HTTPTransport"], "CArchive": ["Archives"], "GRDB": ["Store"],
        "Yams": ["Basemaps", "ReplayCommands"], "ArgumentParser": ["ReplayCommands"],
    ]
    /// The modules without input and output, clock and environment.
    var pure: Set<String> = [
        "DockerfileLanguage", "Basemaps", "ReplayEvents", "ReplayPlan", "MachineServices", "DockerfileChecks",
        "Explanations",
    ]
    /// What pure modules do not import.
    var worldlyImports: Set<String> = ["Glibc", "Musl", "Darwin", "SystemPackage", "Subprocess", "Dispatch"]
    /// What they do not say, since Foundation may be imported for its coders.
    var worldlyWords = [
        "FileManager", "FileHandle", "ProcessInfo", "URLSession", "Date", "ContinuousClock", "SuspendingClock",
        "getenv",
    ]
    /// Where C is met: the only modules that may say `unsafe`.
    var meetsC: Set<String> = ["SSHTransport", "HTTPTransport", "Archives", "SystemCalls"]
    /// The longest file, in lines.
    var longestFile = 400

    /// What is wrong with the modules' dependencies.
    func violations(in package: PackageDump) -> [String] {
        let own = Set(package.targets.map(\.name))
        return package.targets.filter { !$0.isTest }.flatMap { target -> [String] in
            guard let row = row(of: target.name) else {
                return ["'\(target.name)' stands in no row of the house: give it one."]
            }
            return target.dependencies.compactMap { name in
                if let users = libraries[name], !users.contains(target.name) {
                    return "'\(target.name)' knows '\(name)': only \(users.sorted().joined(separator: ", ")) may."
                }
                guard own.contains(name) else { return nil }
                guard let other = self.row(of: name) else {
                    return "'\(target.name)' depends on '\(name)', which stands in no row of the house."
                }
                return other < row ? nil : "'\(target.name)' depends on '\(name)', which is not below it."
            }
        }
    }

    /// What is wrong with one source file of a module.
    func violations(in file: SourceFile, package: PackageDump) -> [String] {
        var found: [String] = []
        if file.lines > longestFile { found.append("has \(file.lines) lines, more than \(longestFile)") }
        if !meetsC.contains(file.module), file.code.containsWord("unsafe") { found.append("says 'unsafe'") }
        if file.code.contains("try!") { found.append("says 'try!'") }
        for word in ["TODO", "FIXME", "XXX"] where file.text.containsWord(word) { found.append("says '\(word)'") }

        let own = Set(package.targets.map(\.name))
        let target = package.targets.first { $0.name == file.module }
        for name in file.imports {
            if own.contains(name), let target, !target.dependencies.contains(name) {
                found.append("imports '\(name)', which '\(file.module)' does not depend on")
            }
            if pure.contains(file.module), worldlyImports.contains(name) {
                found.append("imports '\(name)', but '\(file.module)' is pure")
            }
        }
        if pure.contains(file.module) {
            for word in worldlyWords where file.code.containsWord(word) {
                found.append("says '\(word)', but '\(file.module)' is pure")
            }
        }
        return found.map { "\(file.path) \($0)." }
    }

    private func row(of module: String) -> Int? { rows.firstIndex { $0.contains(module) } }
}
