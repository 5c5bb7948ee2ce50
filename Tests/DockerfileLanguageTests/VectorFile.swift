import Foundation

/// A file of test vectors: inputs and what BuildKit answered, one JSON object a line (`in`, `out`, perhaps `note`).
/// `REPLAY_VECTORS=DIR` takes the files from another directory.
struct VectorFile {
    struct Row {
        let number: Int
        let input: [String: JSONValue]
        let output: [String: JSONValue]
        /// Why the row is not to be used, if so.
        let note: String?
    }

    let name: String
    let rows: [Row]

    init(_ name: String) throws {
        self.name = name
        let directory =
            ProcessInfo.processInfo.environment["REPLAY_VECTORS"].map { URL(filePath: $0) }
            ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")
        let file = directory.appending(path: name + ".jsonl")
        // A directory of other vectors need not have every file.
        guard FileManager.default.fileExists(atPath: file.path) else {
            rows = []
            return
        }
        let decoder = JSONDecoder()
        rows = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
            let row = try decoder.decode([String: JSONValue].self, from: Data(line))
            return Row(
                number: index + 1, input: row["in"]?.object ?? [:], output: row["out"]?.object ?? [:],
                note: row["note"]?.string ?? row["skip"]?.string)
        }
    }

    /// Runs a check on every usable row and prints `NAME: passed N of M`.
    ///
    /// - Parameters:
    ///   - part: what of the rows is checked, when it is not all of them.
    ///   - check: what is wrong with a row, or nil.
    /// - Returns: what is wrong, row by row.
    func failures(part: String? = nil, _ check: (Row) -> String?) -> [String] {
        let usable = rows.filter { $0.note == nil }
        let failures = usable.compactMap { row in check(row).map { "\(name) row \(row.number): \($0)" } }
        print("\(name)\(part.map { " (\($0))" } ?? ""): passed \(usable.count - failures.count) of \(usable.count)")
        return failures
    }
}

/// Any JSON value, comparable.
enum JSONValue: Decodable, Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var int: Int? { if case .number(let value) = self { Int(value) } else { nil } }
    var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }
    var strings: [String] { array?.compactMap(\.string) ?? [] }
}
