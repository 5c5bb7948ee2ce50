internal import Basemaps
internal import FoundationEssentials
internal import ReplayEvents
internal import SystemPackage

extension BaseImageStore {
    /// Builds a recipe's image, unless it is here already.
    func build(_ recipe: MmdebstrapRecipe, task: TaskID, events: @escaping EventHandler) async throws -> LocalImage {
        let note: @Sendable (String) -> Void = { events(.taskNote(task, $0)) }
        return try await making(Self.key("recipe", recipe.inputs), note: note) { work in
            note("building an image of \(recipe.source.suite) from the package archive; this takes about a minute")
            try await runRecipe(recipe, work, note)
            let digest = try FileDigest(of: work.appending("image.qcow2"))
            let day = Date.now.formatted(.iso8601.year().month().day())
            return ImageRecord(
                digest: "sha256:\(digest.sha256)",
                origin: "mmdebstrap recipe \(MmdebstrapRecipe.version) for \(recipe.source.suite), \(day)", url: nil,
                size: digest.size)
        }
    }
}
