import DockerfileLanguage
import ReplayPlan
import SystemPackage

/// Something that is wrong in a Dockerfile, with the lines and a caret. Exit status 2.
struct DockerfileProblem: Error, CustomStringConvertible {
    /// The message, and the source below it.
    var description: String

    /// Renders an error of the language or of the planner; nil for other errors.
    init?(_ error: any Error, in source: SourceText, path: FilePath) {
        switch error {
        case let error as DockerfileError:
            description = error.rendered(in: source, file: path.string)
        case let error as PlanError:
            let ranges = error.lines.map { SourceRange(first: $0.first, last: $0.last) }
            description = DockerfileError(.syntax, error.message, at: ranges, highlight: error.highlight)
                .rendered(in: source, file: path.string)
        default:
            return nil
        }
    }

    /// Adds the line of FROM to what a basemap has to say.
    static func lines(of range: LineRange, in source: SourceText, path: FilePath, message: String) -> String {
        DockerfileError(.syntax, message, at: [SourceRange(first: range.first, last: range.last)])
            .rendered(in: source, file: path.string)
    }
}
