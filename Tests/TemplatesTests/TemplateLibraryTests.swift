import Clouds
import Foundation
import ReplayTestSupport
import Store
import SystemPackage
import Templates
import Testing

@Suite struct TemplateLibraryTests {
    let scratch: ScratchDirectory
    let store: StoreDatabase
    let library: TemplateLibrary

    init() throws {
        scratch = try ScratchDirectory("templates")
        store = try StoreDatabase(
            StoreDirectories(data: scratch("data"), cache: scratch("cache"), runtime: scratch("run")))
        library = TemplateLibrary(store)
    }

    private func add(_ name: String) async throws -> Template {
        let prepared = try library.prepare()
        let disk = prepared.directory.appending("disk.qcow2")
        try Data("disk of some length".utf8).write(to: URL(filePath: disk.string))
        return try await library.add(
            prepared, image: CloudImage(cloud: "qemu", reference: disk.string, digest: "sha256:ee", origin: "capture"),
            record: .sample(name))
    }

    @Test func `what was added is found with its record`() async throws {
        let added = try await add("web:1")
        let found = try await library.find("web:1")
        #expect(found == added)
        let record = try found.record()
        #expect(record.identifier == found.id)
        #expect(record.image.reference == "disk.qcow2")
        #expect(record.image.size == 19)
        #expect(record.image.digest == "sha256:ee")
        #expect(record.name == found.reference)
        #expect(found.build == record.build)
        #expect(
            try String(contentsOfFile: found.directory.appending("template.json").string, encoding: .utf8) == found.json
        )
        #expect(FileManager.default.fileExists(atPath: found.image.reference))
    }

    @Test func `a second build keeps the first as an old version`() async throws {
        let first = try await add("web:1")
        let second = try await add("web:1")
        let list = try await library.list()
        #expect(list.map(\.id) == [second.id, first.id])
        #expect(list.map(\.summary.current) == [true, false])
        #expect(list.map(\.summary.version) == [2, 1])
        let json = try TemplateSummary.json(list.map(\.summary))
        let objects = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
        #expect(objects.map { $0["identifier"] as? String } == [second.id, first.id])
        #expect(objects.map { $0["tag"] as? String } == ["1", "1"])
    }

    @Test func `a template in use is not removed`() async throws {
        let template = try await add("web:1")
        let use = try await library.use("web:1")
        #expect(use.template == template)
        let error = await #expect(throws: StoreError.self) { try await library.remove("web:1") }
        #expect(error?.code == .inUse)
        use.release()
        #expect(try await library.remove("web:1") == [template])
        #expect(!FileManager.default.fileExists(atPath: template.directory.string))
        #expect(try await library.list().isEmpty)
    }

    @Test func `a use that is over, however it ended, does not stop the removal`() async throws {
        let template = try await add("web:1")
        do {
            try await library.using("web:1") { used in
                #expect(used == template)
                await #expect(throws: StoreError.self) { try await library.remove("web:1") }
                throw CancellationError()
            }
        } catch is CancellationError {}
        #expect(try await library.remove("web:1").count == 1)
    }

    @Test(arguments: [nil, "short"])
    func `an image that is not what was captured is not used`(content: String?) async throws {
        let template = try await add("web:1")
        try FileManager.default.removeItem(atPath: template.image.reference)
        if let content { try Data(content.utf8).write(to: URL(filePath: template.image.reference)) }
        let error = await #expect(throws: TemplateError.self) { try await library.use("web:1") }
        #expect(error?.code == .imageDamaged)
        #expect(error?.context == [template.image.reference])
        #expect(try await library.remove("web:1").count == 1, "the failed use holds no lock")
    }

    @Test func `an image in a cloud needs no file`() async throws {
        let template = try await library.add(
            library.prepare(), image: CloudImage(cloud: "ec2", reference: "ami-1", digest: nil, origin: "capture"),
            record: .sample())
        #expect(try template.record().image.reference == "ami-1")
        #expect(try await library.use(template.id).template.image.reference == "ami-1")
    }

    @Test func `a record that cannot be read does not hide the template`() async throws {
        _ = try await store.catalogue.publish(
            try store.catalogue.prepare(), as: TemplateReference("old"), build: nil,
            image: CloudImage(cloud: "ec2", reference: "ami-1", digest: nil, origin: "x"), metadata: "no JSON")
        let template = try await library.find("old")
        #expect(template.summary.name == "old")
        #expect(throws: TemplateError.self) { try template.record() }
    }
}
