import ArgumentParser
import DockerfileLanguage
import SystemCalls
import SystemPackage

/// `replay internal`: views of the insides, for tests and for comparing with other programs. Not in the help, and free to
/// change.
struct InternalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "internal", abstract: "Views of the insides; they may change.", shouldDisplay: false,
        subcommands: [ParseTreeCommand.self])
}

/// `replay internal parse-tree`
struct ParseTreeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse-tree", abstract: "Print a Dockerfile's syntax tree, or its first error, as JSON.")

    @Argument(help: "The Dockerfile.")
    var file: String

    func run() throws {
        let bytes: [UInt8]
        do {
            bytes = try FileContents.read(FilePath(file))
        } catch let error as Errno {
            throw UsageError("The Dockerfile '\(file)' cannot be read: \(error).")
        }
        StandardOutput.write(ParseTree.json(bytes) + "\n")
    }
}
