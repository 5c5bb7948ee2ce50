/// One file of a basemap: the rows of one distribution.
struct BasemapTable: Sendable, Codable {
    /// `ID` of os-release.
    var distribution: String
    /// The images that the rows are about, as users write them: `debian`.
    var images: [String]
    /// The environment that the container images start with, `NAME=value` each.
    var environment: [String]
    var rows: [Row]

    struct Row: Sendable, Codable {
        /// What the row is called: `debian:12`.
        var name: String
        /// `VERSION_ID` of os-release.
        var release: String
        /// Tags or patterns of tags.
        var tags: [String]
        /// Endings that every tag may also have: `-slim`.
        var variants: [String]?
        /// Digests of images that are this row's.
        var digests: [String]?
        /// Why no machine can be made of it, on any cloud, as a sentence; the row has no cells then.
        var refusal: String?
        /// What there is on each cloud.
        var clouds: [String: Cell]

        func lists(tag: String) -> Bool {
            ([""] + (variants ?? [])).contains { variant in
                tag.hasSuffix(variant)
                    && tags.contains { TagPattern($0).matches(tag.dropLast(variant.count)) }
            }
        }
    }

    struct Cell: Sendable, Codable {
        /// The page of the publisher that the cell was checked against.
        var source: String
        /// When that was: `2026-11-22`.
        var checked: String
        /// Where an image comes from, in the order in which it is tried.
        var images: [Image]
    }

    struct Image: Sendable, Codable {
        /// In Docker's words: `amd64`.
        var architectures: [String]
        var download: Download?
        var recipe: Recipe?
        /// The name of something that the cloud has already: a template's path in an inventory.
        var template: String?

        func source(for architecture: String) -> ImageSource? {
            guard architectures.contains(architecture) else { return nil }
            if let download { return .download(download.source(for: architecture)) }
            if let template { return .named(template) }
            return recipe.map { .recipe(RecipeSource(tool: $0.tool, suite: $0.suite, packages: $0.packages)) }
        }
    }

    /// `{architecture}` in the texts stands for Docker's word for it.
    struct Download: Sendable, Codable {
        var url: String
        var checksums: String
        var algorithm: String

        func source(for architecture: String) -> DownloadSource {
            func filled(_ text: String) -> String { text.replacing("{architecture}", with: architecture) }
            return DownloadSource(url: filled(url), checksums: filled(checksums), algorithm: algorithm)
        }
    }

    struct Recipe: Sendable, Codable {
        var tool: String
        var suite: String
        var packages: [String]
    }
}

extension BasemapTable {
    /// What is wrong with the table, as half a sentence, or nil.
    var fault: String? {
        if distribution.isEmpty { return "the distribution is empty" }
        for image in images {
            do { _ = try ImageReference(image) } catch { return error.message }
        }
        for variable in environment where !variable.dropFirst().contains("=") {
            return "“\(variable)” is no NAME=value"
        }
        for row in rows {
            if let fault = row.fault { return "row \(row.name): \(fault)" }
        }
        return nil
    }
}

extension BasemapTable.Row {
    fileprivate var fault: String? {
        for digest in digests ?? [] where (try? ImageReference("a@\(digest)")) == nil {
            return "“\(digest)” is no digest"
        }
        if refusal != nil, !clouds.isEmpty { return "a row with a refusal has no clouds" }
        for (cloud, cell) in clouds.sorted(by: { $0.key < $1.key }) {
            if let fault = cell.fault { return "\(cloud): \(fault)" }
        }
        return nil
    }
}

extension BasemapTable.Cell {
    fileprivate var fault: String? {
        let date = checked.split(separator: "-", omittingEmptySubsequences: false)
        guard date.map(\.count) == [4, 2, 2], date.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }) else {
            return "“\(checked)” is no date such as 2026-11-22"
        }
        guard source.hasPrefix("https://") else { return "source must be the https URL of the publisher's page" }
        for image in images {
            switch (image.download, image.recipe) {
            case (nil, nil) where image.template?.isEmpty == false: break
            case (nil, nil), (.some, .some): return "an image is either a download, a recipe or a template"
            case (let download?, nil):
                guard image.template == nil else { return "an image is either a download, a recipe or a template" }
                guard ["sha256", "sha512"].contains(download.algorithm) else {
                    return "“\(download.algorithm)” is neither sha256 nor sha512"
                }
            case (nil, let recipe?):
                guard recipe.tool == "mmdebstrap" else { return "there is no recipe tool “\(recipe.tool)”" }
            }
        }
        return nil
    }
}
