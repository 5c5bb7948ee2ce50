import Foundation
import Synchronization

/// A program that a test runs as a user would: with arguments, an environment and signals.
public final class CommandRun: Sendable {
    /// How a program ended and what it wrote.
    public struct Result: Sendable {
        /// The exit status, or 128 + the signal that ended it.
        public var status: Int32
        /// Standard output.
        public var output: String
        /// Standard error.
        public var errors: String
    }

    private struct Captured {
        var output = Data()
        var errors = Data()
        var waiters: [(needle: String, continuation: CheckedContinuation<Bool, Never>)] = []
        var openStreams = 2
        var ended: CheckedContinuation<Void, Never>?
    }

    private let process: Mutex<Process>
    private let captured = Mutex(Captured())

    /// The process's number.
    public var processIdentifier: Int32 { process.withLock { $0.processIdentifier } }

    /// Starts a program.
    /// - Parameters:
    ///   - arguments: The program (an absolute path, or a name to be found in PATH) and its arguments.
    ///   - environment: Variables that are added to the test's own environment; an empty value removes one.
    ///   - uid: Runs it as this user and group through `setpriv`; only when the test runs as root.
    public init(
        _ arguments: [String], environment: [String: String] = [:], directory: String? = nil, uid: Int? = nil
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        var words = arguments
        if let uid {
            words = ["setpriv", "--reuid=\(uid)", "--regid=\(uid)", "--clear-groups", "--"] + words
        }
        process.arguments = words
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value.isEmpty ? nil : value }
        process.environment = variables
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        self.process = Mutex(process)
        read(output.fileHandleForReading) { $0.output.append($1) }
        read(errors.fileHandleForReading) { $0.errors.append($1) }
    }

    private func read(_ handle: sending FileHandle, into append: @escaping @Sendable (inout Captured, Data) -> Void) {
        let descriptor = dup(handle.fileDescriptor)
        let thread = Thread {
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            while case let data = handle.availableData, !data.isEmpty {
                self.captured.withLock { captured in
                    append(&captured, data)
                    Self.resumeWaiters(&captured)
                }
            }
            self.captured.withLock { captured in
                captured.openStreams -= 1
                if captured.openStreams == 0 {
                    for waiter in captured.waiters { waiter.continuation.resume(returning: false) }
                    captured.waiters = []
                    captured.ended?.resume()
                    captured.ended = nil
                }
            }
        }
        thread.start()
    }

    private static func resumeWaiters(_ captured: inout Captured) {
        let text = String(decoding: captured.output + captured.errors, as: UTF8.self)
        captured.waiters.removeAll { waiter in
            guard text.contains(waiter.needle) else { return false }
            waiter.continuation.resume(returning: true)
            return true
        }
    }

    /// Returns true when the program has written the text to either stream, false when it ended without.
    public func waits(for needle: String) async -> Bool {
        await withCheckedContinuation { continuation in
            captured.withLock { captured in
                let text = String(decoding: captured.output + captured.errors, as: UTF8.self)
                if text.contains(needle) {
                    continuation.resume(returning: true)
                } else if captured.openStreams == 0 {
                    continuation.resume(returning: false)
                } else {
                    captured.waiters.append((needle, continuation))
                }
            }
        }
    }

    /// What it has written to standard output so far.
    public var output: String { captured.withLock { String(decoding: $0.output, as: UTF8.self) } }

    /// Sends a signal to the program.
    public func send(_ signal: Int32) {
        kill(processIdentifier, signal)
    }

    /// Waits for the end.
    public func result() async -> Result {
        await withCheckedContinuation { continuation in
            let over = captured.withLock { captured in
                if captured.openStreams > 0 { captured.ended = continuation }
                return captured.openStreams == 0
            }
            if over { continuation.resume() }
        }
        let (status, reason) = process.withLock { process in
            process.waitUntilExit()
            return (process.terminationStatus, process.terminationReason)
        }
        return captured.withLock { captured in
            Result(
                status: reason == .uncaughtSignal ? 128 + status : status,
                output: String(decoding: captured.output, as: UTF8.self),
                errors: String(decoding: captured.errors, as: UTF8.self))
        }
    }

    /// Runs a program to its end.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:], directory: String? = nil, uid: Int? = nil
    ) async throws -> Result {
        try await CommandRun(arguments, environment: environment, directory: directory, uid: uid).result()
    }
}

/// Where things of the package are, for tests.
public enum PackagePlaces {
    /// The directory of Package.swift.
    public static let root: String = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The `replay` that was built together with the tests.
    public static let replay = program("replay")

    /// A program that was built together with the tests.
    public static func program(_ name: String) -> String {
        // The test binary is in the directory of the products: …/debug/replayPackageTests.xctest.
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(name).path
    }
}

/// Ports of this machine.
public enum FreePort {
    /// A port of 127.0.0.1 that was free a moment ago.
    public static func find() throws -> Int { try LoopbackListener.freePort() }
}
