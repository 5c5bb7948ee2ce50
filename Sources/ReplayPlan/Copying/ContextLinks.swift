/// Follows the symbolic links of a context, which is their whole world: an absolute target begins at its root, and
/// `..` never leaves it.
struct ContextLinks {
    let manifest: ContextManifest

    /// As many links as BuildKit follows before it gives up.
    private static let limit = 255

    /// The place that a path means once links are followed, relative to the root; it need not exist.
    /// Nil when the links go in circles.
    func place(of path: String) -> String? {
        var rest = Array(path.split(separator: "/").map(String.init).reversed())
        var found: [String] = []
        var count = 0
        while let name = rest.popLast() {
            if name == "." { continue }
            if name == ".." {
                _ = found.popLast()
                continue
            }
            found.append(name)
            guard case .symbolicLink(let target) = manifest[found.joined(separator: "/")]?.kind else { continue }
            count += 1
            guard count <= Self.limit else { return nil }
            found.removeLast()
            if GoPath.isAbsolute(target) { found = [] }
            rest += target.split(separator: "/").map(String.init).reversed()
        }
        return found.joined(separator: "/")
    }
}
