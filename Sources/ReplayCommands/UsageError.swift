/// Something on the command line, or in what it names, is not as it must be. Exit status 2.
struct UsageError: Error, CustomStringConvertible {
    /// What is wrong and what to do.
    var description: String
    /// Makes an error.
    init(_ message: String) { description = message }
}
