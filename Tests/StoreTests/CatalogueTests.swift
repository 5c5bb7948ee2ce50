import Clouds
import Foundation
import ReplayTestSupport
import Store
import SystemPackage
import Testing

@Suite struct CatalogueTests {
    let fixture: StoreFixture
    var catalogue: Catalogue { fixture.store.catalogue }

    init() throws { fixture = try StoreFixture() }

    @discardableResult
    private func publish(_ name: String, in catalogue: Catalogue? = nil) async throws -> CatalogueEntry {
        let catalogue = catalogue ?? self.catalogue
        let prepared = try catalogue.prepare()
        let disk = prepared.directory.appending("disk.qcow2")
        try Data("disk".utf8).write(to: URL(fileURLWithPath: disk.string))
        return try await catalogue.publish(
            prepared, as: TemplateReference(name), build: nil,
            image: CloudImage(cloud: "qemu", reference: disk.string, digest: "sha256:0", origin: "test"),
            metadata: #"{"a":1}"#)
    }

    @Test func `a published template is there, whole`() async throws {
        let entry = try await publish("web:1")
        let found = try await fixture.again().catalogue.find("web:1")
        #expect(found == entry)
        #expect(entry.version == 1)
        #expect(entry.isCurrent)
        #expect(entry.size == 4 + 7)
        #expect(entry.image.reference == entry.directory.appending("disk.qcow2").string)
        #expect(try String(contentsOfFile: entry.image.reference, encoding: .utf8) == "disk")
        let file = entry.directory.appending("template.json").string
        #expect(try String(contentsOfFile: file, encoding: .utf8) == entry.metadata)
        #expect(try fixture.names(in: "templates") == [entry.id, "\(entry.id).lock"])
    }

    @Test func `an image that is not a file of ours keeps its reference`() async throws {
        let entry = try await catalogue.publish(
            try catalogue.prepare(), as: TemplateReference("web"), build: .random(),
            image: CloudImage(cloud: "ec2", reference: "ami-1", digest: nil, origin: "x"), metadata: "{}")
        #expect(try await catalogue.find("web").image.reference == "ami-1")
        #expect(entry.build != nil)
    }

    @Test func `a further build is a new version and moves the tag`() async throws {
        let first = try await publish("web:1")
        let second = try await publish("web:1")
        let other = try await publish("web")
        #expect(second.version == 2)
        #expect(try await catalogue.find("web:1").id == second.id)
        #expect(try await catalogue.find("web").id == other.id)
        #expect(try await catalogue.find(first.id).isCurrent == false)
        #expect(try await catalogue.find(String(first.id.prefix(8))).id == first.id)
        #expect(try await catalogue.entries().map(\.id) == [second.id, first.id, other.id])
    }

    @Test func `a prepared template that is given up leaves nothing`() async throws {
        do {
            let prepared = try catalogue.prepare()
            #expect(try fixture.names(in: "templates").count == 2)
            withExtendedLifetime(prepared) {}
        }
        #expect(try fixture.names(in: "templates") == [])
        try catalogue.prepare().discard()
        #expect(try fixture.names(in: "templates") == [])
    }

    @Test func `a publication that fails leaves the tag and nothing else`() async throws {
        let first = try await publish("web:1")
        let prepared = try catalogue.prepare()
        // No regular file: refused.
        try FileManager.default.createSymbolicLink(
            atPath: prepared.directory.appending("x").string, withDestinationPath: "/etc/passwd")
        await #expect(throws: StoreError.self) {
            try await catalogue.publish(
                prepared, as: TemplateReference("web:1"), build: nil, image: first.image, metadata: "{}")
        }
        #expect(try await catalogue.entries() == [first])
        #expect(try fixture.names(in: "templates") == [first.id, "\(first.id).lock"])
    }

    @Test func `a name removes all versions, an identifier one`() async throws {
        let versions = try await [publish("web:1"), publish("web:1"), publish("web:1")]
        #expect(try await catalogue.remove(versions[2].id).map(\.id) == [versions[2].id])
        #expect(try await catalogue.find("web:1").id == versions[1].id)
        #expect(try await publish("web:1").version == 4, "a number is not used again")
        #expect(try await catalogue.remove("web:1").count == 3)
        #expect(try fixture.names(in: "templates") == [])
        let error = await #expect(throws: StoreError.self) { try await catalogue.remove("web:1") }
        #expect(error?.code == .notFound)
    }

    @Test func `what is in use is not removed, nor is a part of it`() async throws {
        let first = try await publish("web:1")
        let second = try await publish("web:1")
        let other = try fixture.again().catalogue
        let use = try await other.use(first.id)
        let again = try await catalogue.use("web:1")
        again.release()
        for name in ["web:1", first.id] {
            let error = await #expect(throws: StoreError.self) { try await catalogue.remove(name) }
            #expect(error?.code == .inUse)
        }
        #expect(try await catalogue.entries().count == 2)
        #expect(FileManager.default.fileExists(atPath: second.image.reference))
        use.release()
        #expect(try await catalogue.remove("web:1").count == 2)
    }

    @Test func `a template whose files are gone says so and can be removed`() async throws {
        let entry = try await publish("web:1")
        try FileManager.default.removeItem(atPath: entry.directory.string)
        let error = await #expect(throws: StoreError.self) { try await catalogue.use("web:1") }
        #expect(error?.code == .damaged)
        #expect(try await catalogue.remove("web:1").count == 1)
    }

    @Test func `what a crash left is removed, what is in the making or in use is not`() async throws {
        let path = fixture.scratch.path.string
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let store = try StoreDatabase(StoreFixture.directories(path))
            let prepared = try store.catalogue.prepare()
            try Data("half".utf8).write(to: URL(fileURLWithPath: prepared.directory.appending("disk").string))
            kill(getpid(), SIGKILL)
        }
        let entry = try await publish("web:1")
        let prepared = try catalogue.prepare()
        // A removal that died after the row, before the files.
        let orphan = fixture.directories.data.appending("templates/0123456789ab")
        try FileManager.default.createDirectory(atPath: orphan.string, withIntermediateDirectories: false)
        #expect(try fixture.names(in: "templates").filter { $0.hasSuffix(".partial") }.count == 2)

        let removed = try await fixture.again().reconcile()
        #expect(removed.count == 2)
        #expect(removed.contains(orphan))
        #expect(
            try fixture.names(in: "templates").filter { !$0.hasSuffix(".lock") }.sorted()
                == [entry.id, "\(prepared.identifier).partial"].sorted())
        #expect(try await catalogue.entries() == [entry])
        #expect(try await fixture.store.reconcile().isEmpty)
    }

    @Test func `two processes that build onto one name make two versions`() async throws {
        let stores = try (0..<4).map { _ in try fixture.again() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in stores {
                group.addTask { for _ in 0..<5 { try await publish("web:1", in: store.catalogue) } }
            }
            group.addTask { for _ in 0..<5 { _ = try await fixture.store.reconcile() } }
            try await group.waitForAll()
        }
        let entries = try await catalogue.entries()
        #expect(entries.map(\.version) == Array((1...20).reversed()))
        #expect(entries.filter(\.isCurrent).map(\.version) == [20])
        #expect(entries.allSatisfy { FileManager.default.fileExists(atPath: $0.image.reference) })
    }

    @Test(arguments: ["web:2", "nothing", "0123456789ab", "web:1x"])
    func `an unknown template is not found`(name: String) async throws {
        try await publish("web:1")
        let error = await #expect(throws: StoreError.self) { try await catalogue.find(name) }
        #expect(error?.code == .notFound)
    }
}
