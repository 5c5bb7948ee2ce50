internal import ReplayPlan

/// HEALTHCHECK's figures in milliseconds, Docker's defaults put in: the Dockerfile reference, HEALTHCHECK.
struct HealthTimings: Sendable, Hashable {
    let interval: Int64
    let timeout: Int64
    let startPeriod: Int64
    let startInterval: Int64
    let retries: Int

    /// nil when there is nothing to check: no HEALTHCHECK, or `HEALTHCHECK NONE`.
    init?(_ healthcheck: Healthcheck?) {
        guard let healthcheck, let kind = healthcheck.test.first, kind != "NONE" else { return nil }
        func milliseconds(_ nanoseconds: Int64, default seconds: Int64) -> Int64 {
            nanoseconds <= 0 ? seconds * 1000 : max(1, nanoseconds / 1_000_000)
        }
        interval = milliseconds(healthcheck.interval, default: 30)
        timeout = milliseconds(healthcheck.timeout, default: 30)
        startPeriod = milliseconds(healthcheck.startPeriod, default: 0)
        startInterval = milliseconds(healthcheck.startInterval, default: 5)
        retries = healthcheck.retries <= 0 ? 3 : healthcheck.retries
    }

    /// When the first check runs after the service has started.
    var first: Int64 { startPeriod > 0 ? startInterval : interval }

    /// The figures as the program on the machine reads them.
    var text: String {
        """
        interval=\(interval)
        timeout=\(timeout)
        start_period=\(startPeriod)
        start_interval=\(startInterval)
        first=\(first)
        retries=\(retries)

        """
    }

    /// A time as systemd.time(7) and sleep(1) both write it: `30s`, `0.5s`.
    static func span(_ milliseconds: Int64) -> String {
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds / 1000).\(fraction)s"
    }
}
