internal import Clouds

/// What stands in the annotation of everything that replay makes, so that it is known again from any machine.
///
/// Lines of `replay.KEY: VALUE`; whatever else stands there is somebody's own and stays.
struct MachineMark: Sendable, Hashable {
    /// The build that it belongs to.
    var build: BuildID
    /// Who made it: `user@host`.
    var owner: String
    /// From when on it is of no use any more, in seconds since 1970; nil for a published template.
    var expires: Int64?
    /// The `name:tag` of a published template.
    var template: String?
    /// When a template was published, in milliseconds since 1970.
    var published: Int64?

    /// The annotation.
    var text: String {
        var lines = ["replay.build: \(build)", "replay.owner: \(owner)"]
        if let expires { lines.append("replay.expires: \(expires)") }
        if let template { lines.append("replay.template: \(template)") }
        if let published { lines.append("replay.published: \(published)") }
        return lines.joined(separator: "\n")
    }

    init(build: BuildID, owner: String, expires: Int64?, template: String? = nil, published: Int64? = nil) {
        self.build = build
        self.owner = owner
        self.expires = expires
        self.template = template
        self.published = published
    }

    /// Reads an annotation; nil when it is none of ours.
    init?(_ annotation: String) {
        var values: [Substring: String] = [:]
        for line in annotation.split(whereSeparator: \.isNewline) where line.hasPrefix("replay.") {
            guard let colon = line.firstRange(of: ": ") else { continue }
            let key = line[..<colon.lowerBound].dropFirst("replay.".count)
            // Labels follow, and may have any name.
            if values[key] == nil { values[key] = String(line[colon.upperBound...]) }
        }
        guard let build = values["build"].flatMap({ BuildID($0) }) else { return nil }
        self.init(
            build: build, owner: values["owner"] ?? "", expires: values["expires"].flatMap { Int64($0) },
            template: values["template"], published: values["published"].flatMap { Int64($0) })
    }

    /// The name of a build's machine until it is published.
    static func machineName(of build: BuildID) -> String { "replay-\(build)" }

    /// The build that a machine's name tells, for the moment before its annotation is written.
    static func build(ofName name: String) -> BuildID? {
        name.hasPrefix("replay-") ? BuildID(String(name.dropFirst("replay-".count))) : nil
    }
}
