#if DEBUG
    import Glibc
    import Synchronization
#endif

/// A place at which a debug build can be told to die as `kill -9` kills: with no clean-up and no last word.
///
/// Tests walk all of them and then look at what is left. `REPLAY_CRASH_AT=NAME` dies at the first pass, `NAME:3` at the third.
/// Release builds have none of this.
public enum CrashPoint: String, CaseIterable, Sendable {
    // A build's record and its machine.
    case buildAnnounced = "build-announced"
    case machineLaunched = "machine-launched"
    case resumptionNoted = "resumption-noted"
    case supervisorStarted = "supervisor-started"
    // The engine, many times in a build.
    case stepsNoted = "steps-noted"
    case stepsQueued = "steps-queued"
    case stepStarted = "step-started"
    case outputLogged = "output-logged"
    case positionNoted = "position-noted"
    case stepFinished = "step-finished"
    case uploadStarted = "upload-started"
    case uploadFinished = "upload-finished"
    // The end of a build.
    case stepsDone = "steps-done"
    case serviceInstalled = "service-installed"
    case sealNoted = "seal-noted"
    case sealStarted = "seal-started"
    case machineSealed = "machine-sealed"
    case machineCaptured = "machine-captured"
    case diskAudited = "disk-audited"
    case templatePublished = "template-published"

    /// Dies here if that was asked for.
    public func pass() {
        #if DEBUG
            guard let wanted = Self.wanted, wanted.name == rawValue else { return }
            let passes = Self.passes.withLock { passes in
                passes += 1
                return passes
            }
            if passes == wanted.pass { kill(getpid(), SIGKILL) }
        #endif
    }

    #if DEBUG
        private static let passes = Mutex(0)
        private static let wanted: (name: String, pass: Int)? = {
            guard let text = unsafe getenv("REPLAY_CRASH_AT").map({ unsafe String(cString: $0) }) else { return nil }
            let parts = text.split(separator: ":")
            guard let name = parts.first else { return nil }
            return (String(name), parts.dropFirst().first.flatMap { Int($0) } ?? 1)
        }()
    #endif
}
