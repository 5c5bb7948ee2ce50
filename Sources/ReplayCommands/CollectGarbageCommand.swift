import ArgumentParser
import Clouds
import FoundationEssentials
import Store
import SystemPackage

/// `replay gc`
struct CollectGarbageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "End and remove what a dead replay left behind.",
        discussion: """
            Machines, disks and files of builds whose replay no longer runs, and template files that no catalogue lists. Running \
            builds are never touched; machines that --on-error keep has kept are spared unless --kept is given.
            """)

    @Flag(help: "Also end the machines that --on-error keep has kept.")
    var kept = false

    @Option(help: ArgumentHelp("Forget the records and logs of builds that ended longer ago.", valueName: "days"))
    var logs: Int = 30

    @Flag(help: "Answer as JSON.")
    var json = false

    private struct Answer: Encodable {
        var builds: [String]
        var directories: [String]
        var failures: [String]
    }

    func run() async throws {
        let workshop = try Workshop()
        let cleanUp = workshop.cleanUp
        var answer = Answer(builds: [], directories: [], failures: [])
        for dead in try await workshop.store.builds.dead(includingKept: kept) {
            let failures = await cleanUp.undo(dead.entries)
            if failures.isEmpty {
                try await dead.finish()
                answer.builds.append(dead.id.text)
            }
            answer.failures += failures
        }
        answer.directories = try await workshop.store.reconcile().map(\.string)
        try await workshop.store.builds.prune(endedBefore: Date(timeIntervalSinceNow: -Double(logs) * 86400))

        if json {
            try StandardOutput.write(json: answer)
        } else {
            for build in answer.builds { StandardOutput.write("removed what build \(build) left\n") }
            for directory in answer.directories { StandardOutput.write("removed \(directory)\n") }
            if answer.builds.isEmpty && answer.directories.isEmpty && answer.failures.isEmpty {
                StandardOutput.write("nothing to remove\n")
            }
        }
        for failure in answer.failures { StandardError.write("replay: \(failure)\n") }
        if !answer.failures.isEmpty { throw CommandStatus(code: ExitStatusCode.cloud.rawValue) }
    }
}
