import Basemaps
import Crypto
import Foundation
import HTTPTransport
import ReplayEvents
import ReplayTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import BaseImages

@Suite struct BaseImageStoreTests {
    static let image = Array("QFI\u{FB} not really a disk".utf8)
    static let sum = hexadecimal(SHA512.hash(data: Data(image)))
    static let recipe = RecipeSource(tool: "mmdebstrap", suite: "bookworm", packages: ["a"])

    /// A publisher with one image and a list of checksums.
    static func publisher(
        _ request: StubHTTPServer.Request, sum: String = sum, image: [UInt8] = image
    ) -> StubHTTPServer.Reply {
        switch request.path {
        case "/SHA512SUMS": .init(text: "\(String(repeating: "0", count: 128))  other.qcow2\n\(sum)  disk.qcow2\n")
        case "/disk.qcow2": .document(image, for: request)
        default: .init(404)
        }
    }

    static func download(_ server: String) -> ImageSource {
        .download(
            DownloadSource(url: "\(server)/disk.qcow2", checksums: "\(server)/SHA512SUMS", algorithm: "sha512"))
    }

    static func base(_ sources: [ImageSource]) -> ResolvedBase {
        ResolvedBase(
            reference: "debian:12", row: "debian:12", distribution: "debian", release: "12", architecture: "amd64",
            environment: [], sources: sources)
    }

    /// A store whose recipe writes a small file, and counts.
    static func store(_ scratch: ScratchDirectory, recipe: FakeRecipe = FakeRecipe()) -> BaseImageStore {
        BaseImageStore(cacheDirectory: scratch("cache"), client: HTTPClient()) { _, work, note in
            try await recipe.run(work, note)
        }
    }

    @Test func aDownloadIsVerifiedAndCached() async throws {
        try await ScratchDirectory.with { scratch in
            try await StubHTTPServer.with {
                Self.publisher($0)
            } body: { server in
                let store = Self.store(scratch)
                let base = Self.base([Self.download(server.url)])
                let first = try await store.prepare(base: base, task: TaskID("base")) { _ in }
                #expect(try [UInt8](Data(contentsOf: URL(filePath: first.path.string))) == Self.image)
                #expect(first.digest == "sha256:" + hexadecimal(SHA256.hash(data: Data(Self.image))))
                #expect(first.origin == "\(server.url)/disk.qcow2")
                let second = try await store.prepare(base: base, task: TaskID("base")) { _ in }
                #expect(second == first)
                #expect(server.requests.map(\.path) == ["/SHA512SUMS", "/disk.qcow2", "/SHA512SUMS"])
            }
        }
    }

    @Test(arguments: ["wrong sum", "no sum", "no list", "no image", "broken image"])
    func aDownloadThatFailsLeavesNothingAndSaysSo(fault: String) async throws {
        try await ScratchDirectory.with { scratch in
            try await StubHTTPServer.with { request in
                switch (fault, request.path) {
                case ("wrong sum", _): return Self.publisher(request, sum: String(repeating: "1", count: 128))
                case ("no sum", "/SHA512SUMS"): return .init(text: "nothing here\n")
                case ("no list", "/SHA512SUMS"), ("no image", "/disk.qcow2"): return .init(404)
                case ("broken image", "/disk.qcow2"):
                    return .init(body: Self.image.prefix(5), declaredLength: Self.image.count)
                default: return Self.publisher(request)
                }
            } body: { server in
                let error = await #expect(throws: BaseImageError.self) {
                    try await Self.store(scratch).prepare(
                        base: Self.base([Self.download(server.url)]), task: TaskID("base")
                    ) { _ in }
                }
                #expect(error?.code == (fault.hasSuffix("sum") ? .wrongChecksum : .unavailable))
                #expect(error?.message.contains(server.url) == true, "\(error?.message ?? "")")
                let left = try scratch.names(in: "cache").filter { !$0.hasSuffix(".lock") }
                #expect(left == [])
            }
        }
    }

    @Test func aSourceOutOfReachFallsToTheNextWithANote() async throws {
        try await ScratchDirectory.with { scratch in
            let notes = Notes()
            let clock = ContinuousClock.now
            let image = try await Self.store(scratch).prepare(
                base: Self.base([Self.download("http://127.0.0.1:1"), .recipe(Self.recipe)]), task: TaskID("base"),
                events: notes.handler)
            #expect(image.origin.hasPrefix("mmdebstrap recipe "))
            #expect(notes.all.first == "127.0.0.1:1 cannot be reached. Trying the next source.")
            #expect(notes.all.contains("halfway"))
            #expect(notes.all.last == "debian:12 from \(image.origin)")
            #expect(ContinuousClock.now - clock < .seconds(10))
        }
    }

    @Test func whatWasFetchedBeforeServesWhenThePublisherIsOutOfReach() async throws {
        try await ScratchDirectory.with { scratch in
            let (first, url) = try await StubHTTPServer.with {
                Self.publisher($0)
            } body: { server in
                let base = Self.base([Self.download(server.url)])
                return (try await Self.store(scratch).prepare(base: base, task: TaskID("base")) { _ in }, server.url)
            }
            let again = try await Self.store(scratch).prepare(
                base: Self.base([Self.download(url), .recipe(Self.recipe)]), task: TaskID("base")
            ) { _ in }
            #expect(again.digest == first.digest)
            #expect(again.origin == first.origin)
        }
    }

    @Test func aRecipeRunsOnceForTheSameInputs() async throws {
        try await ScratchDirectory.with { scratch in
            let recipe = FakeRecipe()
            let store = Self.store(scratch, recipe: recipe)
            let base = Self.base([.recipe(Self.recipe)])
            let images = try await withThrowingTaskGroup(of: LocalImage.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await store.prepare(base: base, task: TaskID("base")) { _ in } }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(images).count == 1)
            #expect(recipe.runs == 1)
            var other = Self.recipe
            other.packages.append("b")
            _ = try await store.prepare(base: Self.base([.recipe(other)]), task: TaskID("base")) { _ in }
            #expect(recipe.runs == 2)
        }
    }

    @Test func whatADeadProcessLeftIsSweptAway() async throws {
        try await ScratchDirectory.with { scratch in
            let key = BaseImageStore.key(
                "recipe", MmdebstrapRecipe(source: Self.recipe, architecture: "amd64").inputs)
            try scratch.write("half", to: "cache/\(key).partial/disk.raw")
            _ = try await Self.store(scratch).prepare(base: Self.base([.recipe(Self.recipe)]), task: TaskID("b")) { _ in
            }
            let names = try scratch.names(in: "cache")
            #expect(names == [key, "\(key).lock"])
            let inside = try scratch.names(in: "cache/\(key)")
            #expect(inside == ["image.json", "image.qcow2"])
        }
    }

    @Test func aDamagedImageIsMadeAgain() async throws {
        try await ScratchDirectory.with { scratch in
            let recipe = FakeRecipe()
            let store = Self.store(scratch, recipe: recipe)
            let base = Self.base([.recipe(Self.recipe)])
            let image = try await store.prepare(base: base, task: TaskID("base")) { _ in }
            try Data().write(to: URL(filePath: image.path.string))
            _ = try await store.prepare(base: base, task: TaskID("base")) { _ in }
            #expect(recipe.runs == 2)
        }
    }

    @Test func whenNothingWorksEverySourceSaysWhy() async throws {
        try await ScratchDirectory.with { scratch in
            let failing = FakeRecipe(error: BaseImageError(.recipeFailed, "The recipe broke.", context: ["E: no"]))
            let error = await #expect(throws: BaseImageError.self) {
                try await Self.store(scratch, recipe: failing).prepare(
                    base: Self.base([Self.download("http://127.0.0.1:1"), .recipe(Self.recipe)]), task: TaskID("b")
                ) { _ in }
            }
            #expect(error?.code == .unavailable)
            #expect(error?.message == "No source gave an image of debian:12.")
            #expect(error?.context.suffix(2) == ["The recipe broke.", "E: no"])
            let left = try scratch.names(in: "cache").filter { !$0.hasSuffix(".lock") }
            #expect(left == [])
        }
    }

    @Test func aFullDiskEndsTheSearch() async throws {
        try await ScratchDirectory.with { scratch in
            let failing = FakeRecipe(error: BaseImageError(.noSpace, "full"))
            let error = await #expect(throws: BaseImageError.self) {
                try await Self.store(scratch, recipe: failing).prepare(
                    base: Self.base([.recipe(Self.recipe), .recipe(Self.recipe)]), task: TaskID("b")
                ) { _ in }
            }
            #expect(error?.code == .noSpace)
            #expect(failing.runs == 1)
        }
    }

    @Test func aCancelledPreparationLeavesNothing() async throws {
        try await ScratchDirectory.with { scratch in
            let (started, signal) = AsyncStream.makeStream(of: Void.self)
            let store = BaseImageStore(cacheDirectory: scratch("cache"), client: HTTPClient()) { _, work, _ in
                try Data().write(to: URL(filePath: work.appending("disk.raw").string))
                signal.yield()
                try await Task.sleep(for: .seconds(60))
            }
            let task = Task {
                try await store.prepare(base: Self.base([.recipe(Self.recipe)]), task: TaskID("b")) { _ in }
            }
            for await _ in started { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let left = try scratch.names(in: "cache").filter { !$0.hasSuffix(".lock") }
            #expect(left == [])
        }
    }
}

/// What a recipe does, without doing it.
final class FakeRecipe: Sendable {
    private let count = Mutex(0)
    private let error: BaseImageError?
    var runs: Int { count.withLock { $0 } }

    init(error: BaseImageError? = nil) { self.error = error }

    func run(_ work: FilePath, _ note: @Sendable (String) -> Void) async throws {
        count.withLock { $0 += 1 }
        try Data("disk".utf8).write(to: URL(filePath: work.appending("image.qcow2").string))
        note("halfway")
        if let error { throw error }
    }
}

/// The notes among events.
final class Notes: Sendable {
    private let notes = Mutex<[String]>([])
    var all: [String] { notes.withLock { $0 } }
    var handler: EventHandler {
        { event in
            if case .taskNote(_, let note) = event { self.notes.withLock { $0.append(note) } }
        }
    }
}

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
