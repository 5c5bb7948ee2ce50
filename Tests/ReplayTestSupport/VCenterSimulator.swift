import Foundation
import Subprocess
public import SystemPackage

/// A vCenter on a free port of 127.0.0.1, with machines in which nothing or a real guest runs: govmomi's simulator, made
/// stricter by `Tests/Support/vcenter`. It ends when it is stopped or released, and with this process.
public final class VCenterSimulator: Sendable {
    /// What runs in a machine that is on.
    public enum Guests: String, Sendable {
        /// Nothing: it has an address after a moment, and powers off when it is asked to.
        case stub
        /// A QEMU guest on a disk over its template's, with an SSH server at port 22 of an address of its own.
        case qemu
    }

    /// What to vary.
    public struct Options: Sendable {
        /// Names of templates, or `NAME=DISK.qcow2`.
        public var templates = ["debian-12"]
        /// What runs in the machines.
        public var guests = Guests.stub
        /// How long a stub guest takes to have an address.
        public var bootMilliseconds = 200
        /// Objects in an answer of RetrievePropertiesEx; 0 is all of them.
        public var pageSize = 0
        /// Validity of the certificate; a negative number makes one that has expired.
        public var certificateDays = 30
        /// Whether it is an ESXi host without a vCenter.
        public var isESXi = false
        /// Where the machines' disks are; nil for a directory that is removed in the end.
        public var state: FilePath?

        /// Makes the default options.
        public init() {}
    }

    /// A request that a client sent.
    public struct Request: Sendable, Decodable {
        /// The method: `CloneVM_Task`.
        public var method: String
        /// The whole envelope; a password is left out.
        public var body: String
        /// The header field SOAPAction.
        public var action: String
        /// Whether it came with a session that exists.
        public var session: Bool

        /// Makes one by hand.
        public init(method: String, body: String, action: String, session: Bool) {
            self.method = method
            self.body = body
            self.action = action
            self.session = session
        }
    }

    private struct Greeting: Decodable {
        var url, user, thumbprint, thumbprintSHA1, certificate, control: String
    }

    /// Why it cannot run here; nil when it can.
    public static let obstacle: String? = {
        for path in ["/usr/bin/go", "/usr/share/gocode/src/github.com/vmware/govmomi/simulator"]
        where !FileManager.default.fileExists(atPath: path) {
            return "\(path) does not exist: make deps-test"
        }
        return nil
    }()

    /// `https://127.0.0.1:PORT/sdk`.
    public let url: String
    /// The only user.
    public let user: String
    /// Their password.
    public let password: String
    /// Of its certificate: `AA:BB:…`.
    public let thumbprintSHA256: String
    /// Of its certificate: `AA:BB:…`.
    public let thumbprintSHA1: String
    /// The authority that its certificate is of, as a PEM file.
    public let certificatePath: String

    private let control: String
    private let directory: ScratchDirectory
    private let lifeline: Lifeline
    private let task: Task<Void, Never>

    /// Runs the body with a server, and ends it.
    public static func with<Value>(
        _ options: Options = Options(), _ body: (VCenterSimulator) async throws -> Value
    ) async throws -> Value {
        let server = try await VCenterSimulator(options)
        return try await ending({ await server.stop() }) { try await body(server) }
    }

    /// Starts a server with these templates.
    public static func start(templates: [String], guests: Guests = .stub) async throws -> VCenterSimulator {
        var options = Options()
        options.templates = templates
        options.guests = guests
        return try await VCenterSimulator(options)
    }

    /// Starts a server and waits until it serves. The first time, it is compiled.
    public init(_ options: Options = Options()) async throws {
        let built = try await CommandRun.run([PackagePlaces.root + "/scripts/build-vcenter"])
        guard built.status == 0 else { throw VCenterProblem("The simulator was not compiled: \(built.errors)") }
        let program = built.output.trimmingCharacters(in: .whitespacesAndNewlines)

        let directory = try ScratchDirectory("vcenter")
        let password = "p&ss<\(UUID().uuidString)>"
        try directory.write(password + "\n", to: "password", mode: 0o600)
        try directory.write("", to: "requests")
        try directory.write("", to: "greeting")
        let greeting = try FileDescriptor.open(directory("greeting"), .writeOnly, options: [.append])
        let complaints = try FileDescriptor.open(
            directory("complaints"), .writeOnly, options: [.append, .create], permissions: .ownerReadWrite)
        let lifeline = try Lifeline()
        let arguments = Self.arguments(options, in: directory)
        task = Task {
            var platform = PlatformOptions()
            platform.createSession = true
            _ = try? await Subprocess.run(
                .path(FilePath(program)), arguments: Arguments(arguments), platformOptions: platform,
                input: .fileDescriptor(lifeline.peer, closeAfterSpawningProcess: true),
                output: .fileDescriptor(greeting, closeAfterSpawningProcess: true),
                error: .fileDescriptor(complaints, closeAfterSpawningProcess: true))
        }
        let answer = try await Self.wait(in: directory)
        url = answer.url
        user = answer.user
        self.password = password
        thumbprintSHA256 = answer.thumbprint
        thumbprintSHA1 = answer.thumbprintSHA1
        certificatePath = answer.certificate
        control = answer.control
        self.directory = directory
        self.lifeline = lifeline
    }

    private static func arguments(_ options: Options, in directory: ScratchDirectory) -> [String] {
        var words = [
            "--state", (options.state ?? directory("state")).string, "--password-file", directory("password").string,
            "--requests", directory("requests").string, "--guests", options.guests.rawValue,
            "--boot-milliseconds", "\(options.bootMilliseconds)", "--page-size", "\(options.pageSize)",
            "--certificate-days", "\(options.certificateDays)",
        ]
        for template in options.templates { words += ["--template", template] }
        if options.isESXi { words.append("--esx") }
        return words
    }

    private static func wait(in directory: ScratchDirectory) async throws -> Greeting {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let line = try directory.read("greeting")
            if line.last == UInt8(ascii: "\n") { return try JSONDecoder().decode(Greeting.self, from: Data(line)) }
            let complaints = String(decoding: try directory.read("complaints"), as: UTF8.self)
            guard .now < deadline, complaints.isEmpty else {
                throw VCenterProblem("The simulator did not start: \(complaints)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Ends the server and its guests.
    public func stop() async {
        lifeline.cut()
        await task.value
    }

    /// What clients sent so far, in order.
    public func requests() throws -> [Request] {
        try directory.read("requests").split(separator: UInt8(ascii: "\n")).map { line in
            try JSONDecoder().decode(Request.self, from: Data(line))
        }
    }

    /// The server's own account of what happened, for a test that failed.
    public func log() -> String {
        (try? directory.read("state/vcenter.log")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// How often each method was called.
    public func calls() async throws -> [String: Int] {
        try await ask("calls").object?.compactMapValues(\.int) ?? [:]
    }

    /// The sessions that are open.
    public func sessions() async throws -> [String] { try await ask("sessions").strings }

    /// The property filters that exist, by session: what a client made and did not destroy.
    public func filters() async throws -> [String: Int] {
        try await ask("collectors").object?.compactMapValues(\.int) ?? [:]
    }

    /// The time that the server itself used, in milliseconds: for `requests` besides waits, and for `tasks`.
    public func times() async throws -> [String: Int] {
        try await ask("times").object?.compactMapValues(\.int) ?? [:]
    }

    /// Ends all sessions, as a restart of the server does.
    public func expireSessions() async throws { _ = try await ask("expire") }

    /// Its machines, templates too, by name: see `describe` in `Tests/Support/vcenter/machines.go`.
    public func machines() async throws -> [String: [String: JSONValue]] {
        var found: [String: [String: JSONValue]] = [:]
        for machine in try await ask("machines").array ?? [] {
            if let fields = machine.object, let name = fields["name"]?.string { found[name] = fields }
        }
        return found
    }

    /// Lets the next calls of a method fail; the faults are told in `Tests/Support/vcenter/rules.go`.
    public func fail(
        _ method: String, with fault: String, text: String = "", on object: String = "", asTask: Bool = false,
        after skip: Int = 0, times: Int = 1, delay: Int = 0
    ) async throws {
        _ = try await ask(
            "fault",
            [
                "method": .string(method), "fault": .string(fault), "text": .string(text), "object": .string(object),
                "task": .bool(asTask), "skip": .number(Double(skip)), "count": .number(Double(times)),
                "milliseconds": .number(Double(delay)),
            ])
    }

    /// Takes a privilege away from the user, on the object of this name or everywhere.
    public func deny(_ privilege: String, on object: String = "") async throws {
        _ = try await ask("deny", ["privilege": .string(privilege), "object": .string(object)])
    }

    /// Changes something of an object that clients cannot: see `setting` in `Tests/Support/vcenter/control.go`.
    public func set(_ type: String, _ name: String, _ values: [String: JSONValue]) async throws {
        _ = try await ask("set", values.merging(["type": .string(type), "name": .string(name)]) { $1 })
    }

    private func ask(_ what: String, _ question: [String: JSONValue] = [:]) async throws -> JSONValue {
        let text = String(decoding: try JSONEncoder().encode(question), as: UTF8.self)
        let result = try await CommandRun.run(
            ["curl", "-sS", "--fail-with-body", "--noproxy", "*", "--data-binary", text, "\(control)/\(what)"])
        guard result.status == 0 else { throw VCenterProblem("\(what): \(result.output)\(result.errors)") }
        return try JSONDecoder().decode(JSONValue.self, from: Data(result.output.utf8))
    }
}

/// Why the simulator does not do what a test wants.
struct VCenterProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
