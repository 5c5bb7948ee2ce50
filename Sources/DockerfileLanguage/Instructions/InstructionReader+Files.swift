extension InstructionReader {
    /// COPY
    func copy() throws(DockerfileError) -> CopyInstruction {
        try sourceAndDestination()
        let flags = try FlagReader(
            node.flags,
            known: [
                "chown": .string, "from": .string, "chmod": .string, "link": .bool, "exclude": .strings,
                "parents": .bool,
            ])
        return CopyInstruction(
            syntax: syntax, paths: try paths(), from: flags.text("from"), owner: flags.text("chown"),
            mode: flags.text("chmod"), isLinked: flags.bool("link") ?? false,
            keepsParents: flags.bool("parents") ?? false, excludes: flags.all("exclude"))
    }

    /// ADD
    func add() throws(DockerfileError) -> AddInstruction {
        try sourceAndDestination()
        let flags = try FlagReader(
            node.flags,
            known: [
                "chown": .string, "chmod": .string, "link": .bool, "keep-git-dir": .bool, "checksum": .string,
                "unpack": .bool, "exclude": .strings,
            ])
        return AddInstruction(
            syntax: syntax, paths: try paths(), owner: flags.text("chown"), mode: flags.text("chmod"),
            isLinked: flags.bool("link") ?? false, keepsGitDirectory: flags.bool("keep-git-dir"),
            checksum: flags.text("checksum"), unpacks: flags.bool("unpack"), excludes: flags.all("exclude"))
    }

    private func sourceAndDestination() throws(DockerfileError) {
        guard arguments.count < 2 else { return }
        throw DockerfileError(.arguments, "\(name) requires at least two arguments: a source and the destination")
    }

    /// Sources that are heredocs become files. Of two bodies of one name the last counts for both, as in BuildKit.
    private func paths() throws(DockerfileError) -> CopyPaths {
        let destination = arguments[arguments.count - 1]
        guard Heredoc.parse(word: destination) == nil else {
            throw DockerfileError(
                .arguments, "\(name) cannot have a heredoc as its destination", highlight: destination)
        }
        var paths = CopyPaths(sources: [], documents: [], destination: destination)
        let bodies = Dictionary(node.heredocs.map { ($0.name, $0.content) }) { $1 }
        for source in arguments.dropLast() {
            guard let heredoc = Heredoc.parse(word: source) else {
                paths.sources.append(source)
                continue
            }
            var body = heredoc
            body.content = bodies[heredoc.name] ?? ""
            paths.documents.append(
                CopyPaths.InlineDocument(name: heredoc.name, content: body.body, expands: heredoc.expands))
        }
        return paths
    }
}
