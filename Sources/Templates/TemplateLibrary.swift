public import Clouds
public import Store
import SystemPackage

/// The templates of this user. Errors are `StoreError` and ``TemplateError``.
public struct TemplateLibrary: Sendable {
    private let catalogue: Catalogue

    /// The library of a store.
    public init(_ store: StoreDatabase) { catalogue = store.catalogue }

    /// All versions, by name and tag, newest first within one.
    public func list() async throws -> [Template] { try await catalogue.entries().map(Template.init) }

    /// The version that `name`, `name:tag` (the current one), an identifier or its beginning leads to.
    public func find(_ text: String) async throws -> Template { Template(try await catalogue.find(text)) }

    /// Finds a version for use: as long as the answer lives, nobody can remove it. A local image must be there, as long
    /// as it was recorded.
    public func use(_ text: String) async throws -> TemplateInUse {
        let use = try await catalogue.use(text)
        let template = Template(use.entry)
        let file = FilePath(template.image.reference)
        if file.starts(with: template.directory) {
            let size = try? file.stat().size
            let expected = try? template.record().image.size
            guard let size, expected.map({ $0 == Int64(size) }) ?? true else {
                use.release()
                throw TemplateError(
                    .imageDamaged,
                    "The image of the template \(template.reference) is \(size == nil ? "gone" : "not what was captured"): remove the template and build it again.",
                    context: [file.string])
            }
        }
        return TemplateInUse(template: template, use: use)
    }

    /// Runs the body while nobody can remove the template: ``use(_:)`` and ``TemplateInUse/release()`` around it.
    public func using<Value>(_ text: String, _ body: (Template) async throws -> Value) async throws -> Value {
        let use = try await use(text)
        defer { use.release() }
        return try await body(use.template)
    }

    /// Makes a directory for a new template: its image goes into it, then ``add(_:image:record:)``.
    public func prepare() throws -> PreparedTemplate { try catalogue.prepare() }

    /// Makes a prepared template the next version of the record's name and leads the tag to it, whole or not at all.
    ///
    /// The record's `identifier` and `image.reference` are set here, and what the prepared directory tells: they cannot
    /// be wrong.
    public func add(_ prepared: PreparedTemplate, image: CloudImage, record: TemplateRecord) async throws -> Template {
        var record = record
        record.identifier = prepared.identifier
        record.image.cloud = image.cloud
        record.image.digest = image.digest ?? record.image.digest
        let file = FilePath(image.reference)
        if file.starts(with: prepared.directory), let name = file.lastComponent?.string {
            record.image.reference = name
            record.image.size = (try? file.stat().size).map { Int64($0) }
        } else {
            record.image.reference = image.reference
        }
        return Template(
            try await catalogue.publish(
                prepared, as: record.name, build: record.build, image: image, metadata: record.json()))
    }

    /// Removes what a text leads to: `name` or `name:tag` all its versions, an identifier that one. `.inUse` when a
    /// version is in use; then nothing is removed. Answers what was.
    public func remove(_ text: String) async throws -> [Template] {
        try await catalogue.remove(text).map(Template.init)
    }
}

/// A template that is in use: it cannot be removed until ``release()``, or until the value is gone. Swift lets a value go
/// after its last mention, so mention ``release()`` where the use ends.
public final class TemplateInUse: Sendable {
    /// The template.
    public let template: Template
    private let use: TemplateUse

    init(template: Template, use: TemplateUse) {
        self.template = template
        self.use = use
    }

    /// Ends the use.
    public func release() { use.release() }
}
