public import Foundation

/// A file of test vectors: inputs and what BuildKit answered, one JSON object a line (`in`, `out`, perhaps `note`).
///
/// The files are those of `Tests/Vectors`; `REPLAY_VECTORS=DIR` takes them from another directory, which need not have
/// every file. `README.md` there says what is in them.
public struct VectorFile {
    /// One line of the file.
    public struct Row {
        /// The line's number, counted from 1.
        public let number: Int
        /// What BuildKit was asked.
        public let input: [String: JSONValue]
        /// What it answered.
        public let output: [String: JSONValue]
    }

    /// The files of this package.
    public static let ownDirectory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors")
    /// The directory to take files from.
    public static let directory =
        ProcessInfo.processInfo.environment["REPLAY_VECTORS"].map { URL(filePath: $0) } ?? ownDirectory

    /// The file's name without its extension.
    public let name: String
    /// The rows that count: those without `note` and `skip`.
    public let rows: [Row]

    /// Reads a file; no rows when there is none.
    public init(_ name: String, in directory: URL = VectorFile.directory) throws {
        self.name = name
        let file = directory.appending(path: name + ".jsonl")
        guard FileManager.default.fileExists(atPath: file.path) else {
            rows = []
            return
        }
        let decoder = JSONDecoder()
        rows = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).enumerated().compactMap { index, line in
            let row = try decoder.decode([String: JSONValue].self, from: Data(line))
            guard row["note"] == nil, row["skip"] == nil else { return nil }
            return Row(number: index + 1, input: row["in"]?.object ?? [:], output: row["out"]?.object ?? [:])
        }
    }

    /// Runs a check on every row and prints `NAME: passed N of M`.
    ///
    /// - Parameter check: what is wrong with a row, or nil.
    /// - Returns: what is wrong, row by row.
    public func failures(_ check: (Row) -> String?) -> [String] {
        let failures = rows.compactMap { row in check(row).map { "\(name) row \(row.number): \($0)" } }
        if !rows.isEmpty { Self.report(name, passed: rows.count - failures.count, of: rows.count) }
        return failures
    }

    /// Prints the line of a file.
    public static func report(_ name: String, passed: Int, of count: Int) {
        print("\(name): passed \(passed) of \(count)")
    }
}
