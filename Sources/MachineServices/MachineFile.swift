/// A file of root's for the machine.
public struct MachineFile: Sendable, Hashable, Codable {
    /// The absolute path.
    public var path: String
    /// The permissions, in octal: `0644`.
    public var mode: String
    /// The content.
    public var content: String

    /// Makes a value.
    public init(path: String, mode: String = "0644", content: String) {
        self.path = path
        self.mode = mode
        self.content = content
    }
}
