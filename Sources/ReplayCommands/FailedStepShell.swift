import Clouds
import FoundationEssentials
import GuestSupervisor
import RemoteHosts
import ReplayEngine
import ReplayEvents
import ReplayPlan
import SSHTransport
import Store
import SystemCalls
import SystemPackage

/// A shell on the machine of a build that failed, where its step failed: as its user, in its directory, with its environment.
struct FailedStepShell {
    let workshop: Workshop
    let build: BuildID
    let step: Step

    /// Opens the shell, and asks afterwards what becomes of the machine. Does nothing when the machine was not kept.
    func offer() async throws {
        guard let adopted = try? await workshop.store.builds.adopt(build) else { return }
        do {
            try await open(on: try Resumption(of: adopted).machine(of: adopted, in: workshop))
        } catch {
            StandardError.write("replay: The shell ended: \(error)\n")
        }
        StandardError.write("Keep the machine, for 'replay resume \(build)'? [y/N] ")
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            await workshop.finish(adopted, as: .failed) { event in
                if case .warning(let text) = event { StandardError.write("replay: \(text)\n") }
            }
            return
        }
        try await adopted.finish(.kept)
    }

    private func open(on machine: Machine) async throws {
        let host = try await machine.connector.connect(until: .now + .seconds(60))
        let path = SupervisorOptions(build: build.text).stateDirectory + "/shell"
        let environment = workshop.environment
        // Not in an argument: the environment may hold what is nobody else's business.
        let script = try await host.capture(
            RemoteCommand("sudo -n sh -c 'umask 077; cat >\(path)'"),
            input: BytesInput(StepTranslation.shell(for: step, terminal: environment["TERM"] ?? "vt100")))
        guard script.status == .exited(0) else {
            throw CloudError(.launchFailed, "The machine does not take the shell's script: \(script.errorText)")
        }
        let input = InputPipe()
        let window = TerminalWindow(of: .standardInput) ?? TerminalWindow(columns: 80, rows: 24)
        StandardError.write("A shell where '\(step.title)' failed; leave it with 'exit'.\n")
        guard
            let terminal = RawTerminal(
                .standardInput, receive: { bytes in bytes.isEmpty ? input.finish() : input.write(bytes) })
        else { return }
        defer { terminal.restore() }
        _ = try await host.run(
            RemoteCommand(
                "exec sudo -n unshare --mount --propagation slave --pid --fork --kill-child --mount-proc sh \(path)",
                terminal: TerminalSize(columns: window.columns, rows: window.rows)), input: input
        ) { _, bytes in StandardOutput.write(bytes) }
        await host.close()
    }
}
