/// What becomes of ENTRYPOINT and CMD: `--service`.
public enum ServicePolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// A service that starts when a copy of the template boots.
    case enable
    /// A service that somebody else starts: `systemctl enable --now replay-app`.
    case disable
    /// No service.
    case none
}
