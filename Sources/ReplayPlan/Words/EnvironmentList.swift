internal import Basemaps

/// Variables in the order in which they were last set, as BuildKit keeps a stage's build environment.
struct EnvironmentList: Sendable, Hashable {
    private(set) var variables: [EnvironmentVariable] = []

    /// The value of a variable; nil when it is not set.
    subscript(name: String) -> String? {
        variables.last { $0.name == name }?.value
    }

    /// Sets a variable: it moves to the end.
    mutating func set(_ name: String, _ value: String) {
        variables.removeAll { $0.name == name }
        variables.append(EnvironmentVariable(name, value))
    }
}

extension [EnvironmentVariable] {
    /// Sets a variable in place, or appends it, as BuildKit does in an image's configuration.
    mutating func replace(_ name: String, _ value: String) {
        if let index = firstIndex(where: { $0.name == name }) {
            self[index].value = value
        } else {
            append(EnvironmentVariable(name, value))
        }
    }
}
