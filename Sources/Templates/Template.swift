public import Clouds
public import FoundationEssentials
public import Store
public import SystemPackage

/// A version of a template: a machine image, its place in the catalogue, and the record of its making.
public struct Template: Sendable, Hashable, Identifiable {
    private let entry: CatalogueEntry

    /// The template of a catalogue's entry.
    public init(_ entry: CatalogueEntry) { self.entry = entry }

    /// The version's own name for good.
    public var id: String { entry.id }
    /// The `name:tag` that it was made for.
    public var reference: TemplateReference { entry.reference }
    /// Its number among the versions of that `name:tag`, counted from 1.
    public var version: Int { entry.version }
    /// Whether the tag leads to this version.
    public var isCurrent: Bool { entry.isCurrent }
    /// The build that made it; nil for an imported one.
    public var build: BuildID? { entry.build }
    /// The image to start machines from.
    public var image: CloudImage { entry.image }
    /// Where its files are.
    public var directory: FilePath { entry.directory }
    /// When it was made.
    public var created: Date { entry.created }
    /// What its files take, in bytes.
    public var size: Int64 { entry.size }
    /// The text of `template.json`.
    public var json: String { entry.metadata }

    /// The record of its making. Read when it is wanted: a list does not need it, and shows a damaged one too.
    public func record() throws(TemplateError) -> TemplateRecord { try TemplateRecord(json: entry.metadata) }

    /// What a list shows.
    public var summary: TemplateSummary { TemplateSummary(self) }
}

/// What `replay template list --json` says of a template.
public struct TemplateSummary: Sendable, Hashable, Codable {
    /// The version's own name for good.
    public var identifier: String
    /// The name, without the tag.
    public var name: String
    /// The tag.
    public var tag: String
    /// The number of the version, counted from 1.
    public var version: Int
    /// Whether the tag leads to it.
    public var current: Bool
    /// The cloud that can start it.
    public var cloud: String
    /// The image: a path, or the cloud's identifier.
    public var image: String
    /// When it was made (ISO 8601, UTC).
    public var created: Date
    /// What its files take, in bytes.
    public var size: Int64
    /// The build that made it.
    public var build: BuildID?

    init(_ template: Template) {
        identifier = template.id
        name = template.reference.name
        tag = template.reference.tag
        version = template.version
        current = template.isCurrent
        cloud = template.image.cloud
        image = template.image.reference
        created = template.created
        size = template.size
        build = template.build
    }

    /// A list of them as JSON text.
    public static func json(_ list: [TemplateSummary]) throws -> String { try TemplateJSON.text(list) }
}
