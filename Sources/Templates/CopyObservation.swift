import ReplayPlan

/// What a booted copy of a template is like, as ``CopyProbe/script(for:deadline:)`` tells.
public struct CopyObservation: Sendable, Hashable {
    private let values: [String: [String]]

    /// Reads what the script wrote: lines of `replay-probe KEY VALUE`. Other lines do not matter.
    public init(_ output: String) {
        var values: [String: [String]] = [:]
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count >= 2, words[0] == "replay-probe" else { continue }
            values[String(words[1]), default: []].append(words.count > 2 ? String(words[2]) : "")
        }
        self.values = values
    }

    /// Whether the script has come to its end.
    public var isComplete: Bool { values["end"] != nil }
    /// The content of `/etc/machine-id`.
    public var machineID: String { values["machine-id"]?.first ?? "" }
    /// The number of this boot.
    public var bootID: String { values["boot-id"]?.first ?? "" }
    /// The public host keys' base64 words, sorted.
    public var hostKeys: [String] { (values["host-key"] ?? []).sorted() }
    /// The units that failed, sorted.
    public var failedUnits: [String] { (values["failed"] ?? []).sorted() }
    /// The units that are enabled, sorted.
    public var enabledUnits: [String] { (values["enabled"] ?? []).sorted() }
    /// What is left of the build: the user, its key.
    public var traces: [String] { values["trace"] ?? [] }
    /// The state of the service's unit; nil when there is none to look at.
    public var service: String? { values["service"]?.first }
    /// The state of the HEALTHCHECK; nil when there is none.
    public var health: String? { values["health"]?.first }
    /// The ports that did not answer.
    public var silentPorts: [String] { values["silent"] ?? [] }
}

/// The script that looks at a booted copy.
public enum CopyProbe {
    /// POSIX sh, for root. It waits until the boot is over, the service is up, its check is healthy and the ports answer.
    /// - Parameter deadline: How long it waits for the last three together, in seconds.
    public static func script(for record: TemplateRecord, deadline: Int) -> String {
        let ports = record.config.exposedPorts.filter { $0.hasSuffix("/tcp") }.map { String($0.dropLast(4)) }
        return """
            PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
            SERVICE=\(record.service.map { $0.enabled ? $0.unit : "" } ?? "")
            HEALTH=\(record.service.map { $0.enabled && $0.healthTimer != nil ? "1" : "" } ?? "")
            PORTS='\(serves(record) ? ports.joined(separator: " ") : "")'
            USER_NAME=replay-build
            BUILD_KEY=\(record.buildKey ?? "")
            DEADLINE=\(deadline)

            """ + body
    }

    /// Without a service of the Dockerfile's own a package's service may still serve the ports, but nobody promised that.
    private static func serves(_ record: TemplateRecord) -> Bool { record.service?.enabled ?? false }

    private static let body = #"""
        probe() { printf 'replay-probe %s\n' "$*"; }
        systemctl is-system-running --wait >/dev/null 2>&1
        [ ! -d /run/cloud-init ] || cloud-init status --wait >/dev/null 2>&1
        end=$(($(cut -d. -f1 /proc/uptime) + DEADLINE))
        late() { [ "$(cut -d. -f1 /proc/uptime)" -ge "$end" ]; }
        if [ -n "$SERVICE" ]; then
            until state=$(systemctl is-active "$SERVICE") || [ "$state" = failed ] || late; do sleep 1; done
            probe service "$state"
        fi
        if [ -n "$HEALTH" ]; then
            while state=$(/usr/local/bin/replay-health 2>/dev/null | head -n 1); [ "$state" = starting ] && ! late; do sleep 1; done
            probe health "$state"
        fi
        # By the address that others use: a server that listens on the loopback interface only is not what EXPOSE says.
        [ -z "$PORTS" ] || python3 - "$(($end - $(cut -d. -f1 /proc/uptime)))" $PORTS <<'PYTHON'
        import socket, sys, time
        end = time.monotonic() + max(1, int(sys.argv[1]))
        route = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        route.connect(("192.0.2.1", 9))
        address = route.getsockname()[0]
        for port in sys.argv[2:]:
            while True:
                try:
                    socket.create_connection((address, int(port)), 5).close()
                    break
                except OSError:
                    if time.monotonic() > end:
                        print("replay-probe silent", port)
                        break
                    time.sleep(0.5)
        PYTHON
        probe machine-id "$(cat /etc/machine-id)"
        probe boot-id "$(cat /proc/sys/kernel/random/boot_id)"
        for file in /etc/ssh/ssh_host_*_key.pub; do
            [ ! -f "$file" ] || probe host-key "$(cut -d' ' -f2 "$file")"
        done
        systemctl list-units --state=failed --plain --no-legend | while read -r unit _; do probe failed "$unit"; done
        systemctl list-unit-files --state=enabled --no-legend | while read -r unit _; do probe enabled "$unit"; done
        if id "$USER_NAME" >/dev/null 2>&1; then probe trace "the user $USER_NAME"; fi
        if [ -n "$BUILD_KEY" ]; then
            cut -d: -f6 /etc/passwd | sort -u | while read -r home; do
                if grep -qsF "$BUILD_KEY" "$home"/.ssh/*; then probe trace "the build's key in $home/.ssh"; fi
            done
        fi
        probe end
        """#
}
