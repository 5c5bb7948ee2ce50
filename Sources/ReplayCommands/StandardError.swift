import FoundationEssentials
import SystemPackage

/// Standard error, where everything goes that is not a result.
enum StandardError {
    /// Writes all of the text; a reader that is gone is no reason to stop.
    static func write(_ text: String) {
        write(Array(text.utf8))
    }

    /// Writes all of the bytes; a reader that is gone is no reason to stop.
    static func write(_ bytes: [UInt8]) {
        _ = try? FileDescriptor.standardError.writeAll(bytes)
    }
}

/// Standard output, where results go.
enum StandardOutput {
    /// Writes all of the text.
    static func write(_ text: String) {
        write(Array(text.utf8))
    }

    /// Writes all of the bytes.
    static func write(_ bytes: [UInt8]) {
        _ = try? FileDescriptor.standardOutput.writeAll(bytes)
    }
}

extension StandardOutput {
    /// Writes a value as JSON with sorted keys, for people and for `jq`.
    static func write(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        write(Array(try encoder.encode(value)) + [UInt8(ascii: "\n")])
    }
}
