import ArgumentParser
import Basemaps
import FoundationEssentials
import ReplayPlan

/// `replay plan`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Print the steps that a build would take; no machine is made.")

    @OptionGroup var source: SourceOptions

    @Flag(help: "Answer as JSON.")
    var json = false

    func run() async throws {
        let planned = try await source.makePlan(environment: ProcessInfo.processInfo.environment)
        for warning in planned.plan.warnings { StandardError.write("\(warning.text)\n") }
        if json {
            try StandardOutput.write(json: planned.plan)
        } else {
            StandardOutput.write(planned.plan.listing)
        }
    }
}

extension PlanWarning {
    /// The warning as one line.
    var text: String {
        let place = lines.map { " (line \($0.first))" } ?? ""
        return "WARNING: \(rule): \(message)\(place)"
    }
}

extension Plan {
    /// The plan as lines for people: the base, then a line a step.
    var listing: String {
        var lines = [
            "base   \(base.reference) -> \(base.row) on \(base.distribution) \(base.release) \(base.architecture)"
        ]
        let width = String(steps.count).count
        for step in steps {
            let number = String(repeating: " ", count: width - String(step.number).count) + String(step.number)
            let digest = step.digest.split(separator: ":").last.map { String($0.prefix(12)) } ?? ""
            lines.append(
                "\(number)/\(steps.count)  \(digest)  line \(step.lines.first)  \(step.title)"
                    + (step.restartsMachine ? "  [restart]" : ""))
        }
        if steps.isEmpty { lines.append("no steps: the template is the base, sealed") }
        return lines.joined(separator: "\n") + "\n"
    }
}
