public import Clouds
public import FoundationEssentials
import GRDB
public import SystemPackage

/// One version of a template.
public struct CatalogueEntry: Sendable, Hashable, Identifiable {
    /// The version's own name for good: twelve lower-case hexadecimal digits.
    public var id: String
    /// The `name:tag` that it was made for.
    public var reference: TemplateReference
    /// Its number among the versions of that `name:tag`, counted from 1.
    public var version: Int
    /// Whether the tag leads to this version.
    public var isCurrent: Bool
    /// The build that made it; nil for an imported one.
    public var build: BuildID?
    /// The image to start machines from.
    public var image: CloudImage
    /// The template's directory, with `template.json` and, on local clouds, the image.
    public var directory: FilePath
    /// When it was made.
    public var created: Date
    /// What its directory takes, in bytes.
    public var size: Int64
    /// The text of `template.json`.
    public var metadata: String

    init(row: Row, directories: StoreDirectories) throws {
        let id: String = row["identifier"]
        let directory = directories.directory(ofTemplate: id)
        self.id = id
        reference = try TemplateReference("\(row["name"] as String):\(row["tag"] as String)")
        version = row["version"]
        isCurrent = row["is_current"]
        build = (row["build"] as String?).flatMap { BuildID($0) }
        let image: String = row["image"]
        self.image = CloudImage(
            cloud: row["cloud"], reference: row["image_is_file"] ? directory.appending(image).string : image,
            digest: row["digest"], origin: row["origin"])
        self.directory = directory
        created = Timestamp(milliseconds: row["created"]).date
        size = row["size"]
        metadata = row["metadata"]
    }

    /// All columns that the initializer wants.
    static let columns = """
        template.*, EXISTS (SELECT * FROM tag WHERE tag.identifier = template.identifier) AS is_current
        """
}

extension StoreDirectories {
    /// Where a template's files are. The name appears with one rename, when all is in it.
    func directory(ofTemplate identifier: String) -> FilePath { templates.appending(identifier) }
    /// Where they are until then.
    func partialDirectory(ofTemplate identifier: String) -> FilePath { templates.appending("\(identifier).partial") }
    /// Held exclusively by whoever makes or removes the template, shared by whoever uses it.
    func lock(ofTemplate identifier: String) -> FilePath { templates.appending("\(identifier).lock") }
}
