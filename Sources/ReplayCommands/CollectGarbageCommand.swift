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

    @Option(help: "Also look into this cloud for what no replay of this machine knows of and what has expired there.")
    var cloud: String = "qemu"

    @OptionGroup var places: CloudOptions

    @Flag(help: "Answer as JSON.")
    var json = false

    private struct Answer: Encodable {
        var builds: [String]
        var directories: [String]
        var failures: [String]
    }

    func run() async throws {
        let workshop = try Workshop(cloud: cloud, flags: places.flags)
        let answer = try await workshop.whileOpen { try await collect(in: workshop) }
        try show(answer)
    }

    private func collect(in workshop: Workshop) async throws -> Answer {
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
        if !workshop.driver.capabilities.localImages {
            for resource in try await workshop.driver.inventory() where try await workshop.isAbandoned(resource) {
                do {
                    try await workshop.driver.destroy(resource)
                    answer.builds.append(resource.build.text)
                } catch {
                    answer.failures.append("\(resource.token) could not be removed: \(error)")
                }
            }
        }
        answer.directories = try await workshop.store.reconcile().map(\.string)
        try await workshop.store.builds.prune(endedBefore: Date(timeIntervalSinceNow: -Double(logs) * 86400))
        return answer
    }

    private func show(_ answer: Answer) throws {
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

extension Workshop {
    /// Whether nobody needs what a cloud's inventory holds: it is of a build of ours that is over, or it has expired.
    fileprivate func isAbandoned(_ resource: Resource) async throws -> Bool {
        do {
            let record = try await store.builds.record(of: resource.build)
            // One that runs is somebody's; one whose replay is dead was cleaned up by its ledger, or is kept.
            return record.state == .done || record.state == .failed
        } catch let error as StoreError where error.code == .notFound {
            return resource.expires.map { $0 < Int64(Date().timeIntervalSince1970) } ?? false
        }
    }
}
