/// The value of `--chmod`: an octal number of at most 07777, or chmod(1)'s symbolic form.
enum FileModeExpression {
    /// Why a text is no mode; nil when it is one.
    static func problem(with text: String) -> String? {
        if let first = text.utf8.first, first.isDigit {
            guard let number = UInt32(text, radix: 8), number <= 0o7777 else {
                return "it must be an octal number between 0 and 07777"
            }
            return nil
        }
        for clause in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard isClause(clause) else {
                return "it must be an octal number, or a symbolic mode such as u=rwX,go=rX"
            }
        }
        return nil
    }

    /// `[ugoa]*([-+=][rwxXstugo]*)+`
    private static func isClause(_ clause: Substring) -> Bool {
        var rest = clause.utf8.drop { "ugoa".utf8.contains($0) }
        guard !rest.isEmpty else { return false }
        while let operation = rest.popFirst() {
            guard "+-=".utf8.contains(operation) else { return false }
            rest = rest.drop { "rwxXstugo".utf8.contains($0) }
        }
        return true
    }
}
