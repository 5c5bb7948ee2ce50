public import Basemaps
internal import Crypto
internal import FoundationEssentials
public import HTTPTransport
public import ReplayEvents
internal import SystemCalls
public import SystemPackage

/// The cache of base images: finds, downloads, verifies or builds them.
///
/// Each image has a directory of its own, named by what it is made from, that appears whole (by rename) or not at all.
/// Several `replay` processes share the cache: one prepares an image, the others wait for it.
public struct BaseImageStore: Sendable {
    /// How a recipe is run; tests put their own here.
    typealias RecipeRunner =
        @Sendable (_ recipe: MmdebstrapRecipe, _ work: FilePath, _ note: @escaping @Sendable (String) -> Void)
        async throws -> Void

    let directory: FilePath
    let client: HTTPClient
    let runRecipe: RecipeRunner

    /// Makes a store over a directory, which is created when it is first used.
    /// - Parameters:
    ///   - cacheDirectory: The directory; it may be deleted at any time that no `replay` runs.
    ///   - client: What downloads.
    public init(cacheDirectory: FilePath, client: HTTPClient = HTTPClient()) {
        self.init(cacheDirectory: cacheDirectory, client: client) { recipe, work, note in
            try await RecipePrerequisites.check()
            try await recipe.run(in: work, isRoot: RecipePrerequisites.isRoot, note: note)
        }
    }

    init(cacheDirectory: FilePath, client: HTTPClient, runRecipe: @escaping RecipeRunner) {
        directory = cacheDirectory
        self.client = client
        self.runRecipe = runRecipe
    }

    /// Makes a base available: the first of its sources that works wins.
    /// - Parameters:
    ///   - base: What the basemap says.
    ///   - task: The task that notes and progress are about; the caller begins and ends it.
    ///   - events: Gets a note for each source that does not work, and for the one that does.
    /// - Returns: The image, with a digest of its bytes.
    /// - Throws: ``BaseImageError``: with one source its error, with several `unavailable` and all of them as context.
    public func prepare(
        base: ResolvedBase, task: TaskID, events: @escaping EventHandler
    ) async throws -> LocalImage {
        let note: @Sendable (String) -> Void = { events(.taskNote(task, $0)) }
        try makeDirectory()
        var failures: [BaseImageError] = []
        for source in base.sources {
            do {
                let image: LocalImage
                switch source {
                // Not this machine's.
                case .named: continue
                case .download(let download):
                    image = try await fetch(download, task: task, events: events)
                case .recipe(let recipe):
                    image = try await build(
                        MmdebstrapRecipe(source: recipe, architecture: base.architecture), task: task, events: events)
                }
                note("\(base.row) from \(image.origin)")
                return image
            } catch let error as BaseImageError {
                // A disk that is full is as full for the next source.
                guard error.code != .noSpace, error.code != .inputOutput else { throw error }
                if failures.count + 1 < base.sources.count { note("\(error.message) Trying the next source.") }
                failures.append(error)
            }
        }
        if failures.count == 1 { throw failures[0] }
        throw BaseImageError(
            .unavailable, "No source gave an image of \(base.row).",
            context: failures.flatMap { [$0.description] + $0.context })
    }

    /// The cached image of a key, if it is whole.
    func cached(_ key: String) -> (image: LocalImage, record: ImageRecord)? {
        let place = directory.appending(key)
        let file = place.appending("image.qcow2")
        guard let data = try? Data(contentsOf: URL(filePath: place.appending("image.json").string)),
            let record = try? JSONDecoder().decode(ImageRecord.self, from: data),
            (try? file.stat())?.size == record.size
        else { return nil }
        return (LocalImage(path: file, digest: record.digest, origin: record.origin), record)
    }

    /// Answers the cached image of a key, or lets the body make it: `body` gets a fresh work directory, leaves
    /// `image.qcow2` there, and answers what is known of it. Only one process at a time makes an image.
    func making(
        _ key: String, note: @Sendable (String) -> Void, body: (FilePath) async throws -> ImageRecord
    ) async throws -> LocalImage {
        if let found = cached(key) { return found.image }
        let lock = try await lock(key, note: note)
        defer { lock.release() }
        if let found = cached(key) { return found.image }

        // We have the lock: what lies there is of a process that died.
        let work = directory.appending("\(key).partial")
        try await remove(work)
        do {
            try FileManager.default.createDirectory(
                atPath: work.string, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
            let record = try await body(work)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            try AtomicFile.synchronize(work.appending("image.qcow2"))
            try AtomicFile.write(
                encoder.encode(record), to: work.appending("image.json"),
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try await remove(directory.appending(key))
            try AtomicFile.rename(work, to: directory.appending(key))
        } catch {
            try? await remove(work)
            throw Self.explained(error, directory)
        }
        guard let made = cached(key) else {
            throw BaseImageError(.inputOutput, "The image that was just made is not in \(directory).")
        }
        return made.image
    }

    /// A word for the file system that names what an image is made from.
    static func key(_ kind: String, _ inputs: String) -> String {
        kind + "-" + FileDigest.hexadecimal(SHA256.hash(data: Data(inputs.utf8))).prefix(32)
    }

    private func makeDirectory() throws {
        do {
            try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        } catch {
            throw BaseImageError(.inputOutput, "The cache directory \(directory) cannot be made.", cause: error)
        }
    }

    private func lock(_ key: String, note: @Sendable (String) -> Void) async throws -> FileLock {
        let path = directory.appending("\(key).lock")
        var waited = false
        while true {
            do {
                if let lock = try FileLock.tryAcquire(path) { return lock }
            } catch {
                throw BaseImageError(.inputOutput, "The cache directory \(directory) cannot be used.", cause: error)
            }
            if !waited { note("another replay prepares this image; waiting for it") }
            waited = true
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    /// Removes a directory with all in it. A recipe that ran under sudo may have left what only root can remove.
    private func remove(_ path: FilePath) async throws {
        guard FileManager.default.fileExists(atPath: path.string) else { return }
        do {
            try FileManager.default.removeItem(atPath: path.string)
        } catch {
            // Cleaning up must also work when this task is cancelled.
            let removal = Task { try await LineRunner.run(["sudo", "-n", "rm", "-rf", "--", path.string]) { _ in } }
            guard try await removal.value.succeeded else { throw error }
        }
    }

    private static func explained(_ error: any Error, _ directory: FilePath) -> any Error {
        let lacksSpace =
            (error as? SystemCallError)?.code == .noSpace || (error as? Errno) == .noSpace
            || (error as? CocoaError)?.code == .fileWriteOutOfSpace
            || ((error as? HTTPError)?.cause as? Errno) == .noSpace || (error as? BaseImageError)?.code == .noSpace
        guard lacksSpace else {
            return error is SystemCallError || error is Errno || error is CocoaError
                ? BaseImageError(.inputOutput, "The cache directory \(directory) cannot be used.", cause: error) : error
        }
        return BaseImageError(
            .noSpace, "There is no room for the image in \(directory): about 2 GiB are needed.", cause: error)
    }
}
