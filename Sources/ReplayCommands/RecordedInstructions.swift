import ReplayPlan

extension ImageConfig {
    /// One warning about the instructions that are kept in `template.json` and have no effect on the machine; nil when
    /// there are none.
    var unusedInstructions: String? {
        var names: [String] = []
        if command != nil { names.append("CMD") }
        if entrypoint != nil { names.append("ENTRYPOINT") }
        if healthcheck != nil { names.append("HEALTHCHECK") }
        if stopSignal != nil { names.append("STOPSIGNAL") }
        if !exposedPorts.isEmpty { names.append("EXPOSE") }
        if !volumes.isEmpty { names.append("VOLUME") }
        if !labels.isEmpty { names.append("LABEL") }
        if !onBuild.isEmpty { names.append("ONBUILD") }
        guard !names.isEmpty else { return nil }
        return "recorded in template.json, without effect on the machine so far: \(names.joined(separator: ", "))"
    }
}
