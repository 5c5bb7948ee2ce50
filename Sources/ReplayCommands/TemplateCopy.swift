import Clouds
import RemoteHosts
import ReplayEvents
import SSHTransport
import Store
import Templates

/// A throw-away machine, started from a template: `template run`, `template boot`.
struct TemplateCopy {
    /// The machine.
    var machine: Machine
    /// A connection to it as root.
    var host: any RemoteHost

    /// Boots a copy, hands it to the body when root can log in, and ends it.
    static func with<Result: Sendable>(
        _ name: String, in workshop: Workshop, options: MachineOptions, forwards: [PortForward] = [],
        keys: [String] = [], events: @escaping EventHandler, body: (TemplateCopy) async throws -> Result
    ) async throws -> Result {
        let use = try await TemplateLibrary(workshop.store).use(name)
        defer { use.release() }
        let template = use.template
        let request = MachineRequest(
            name: template.reference.description, purpose: .boot, options: options, forwards: forwards,
            user: "root", furtherKeys: keys)
        return try await workshop.withRootMachine(
            request, label: "boot a copy of \(template.reference)", hostName: template.reference.name, events: events,
            source: { template.image },
            body: { machine, host in try await body(TemplateCopy(machine: machine, host: host)) })
    }
}

extension Workshop {
    /// Makes a machine that is not built on, hands it to the body when root can log in, and ends it: see
    /// ``withMachine(_:task:label:events:source:seed:connect:body:)``.
    func withRootMachine<Result: Sendable>(
        _ request: MachineRequest, task: TaskID = "boot", label: String, hostName: String,
        events: @escaping EventHandler, source: () async throws -> CloudImage,
        body: (Machine, any RemoteHost) async throws -> Result
    ) async throws -> Result {
        try await withMachine(
            request, task: task, label: label, events: events,
            source: { _ in .image(try await source()) },
            seed: { CloudConfig.template($0, access: $1, hostName: hostName) },
            connect: { try await $0.connector.connect(until: .now + .seconds(request.options.bootTimeout)) },
            body: { machine, host in
                do {
                    let result = try await body(machine, host)
                    await host.close()
                    return result
                } catch {
                    await host.close()
                    throw error
                }
            })
    }
}
