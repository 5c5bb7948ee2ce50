/// Appends values as RFC 4251 section 5 writes them.
struct SSHWireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: UInt32) {
        bytes += [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    mutating func write(string: some Collection<UInt8>) {
        write(UInt32(string.count))
        bytes += string
    }

    mutating func write(string: String) {
        write(string: string.utf8)
    }

    mutating func write(raw: some Sequence<UInt8>) {
        bytes += raw
    }
}

/// Takes values as RFC 4251 section 5 writes them; nil at the first that does not fit.
struct SSHWireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) {
        rest = Array(bytes)[...]
    }

    mutating func readByte() -> UInt8? {
        rest.popFirst()
    }

    mutating func readUInt32() -> UInt32? {
        read(4).map { $0.reduce(0) { $0 << 8 | UInt32($1) } }
    }

    mutating func readString() -> [UInt8]? {
        guard let count = readUInt32() else { return nil }
        return read(Int(count))
    }

    mutating func readText() -> String? {
        readString().map { String(decoding: $0, as: UTF8.self) }
    }

    mutating func read(_ count: Int) -> [UInt8]? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
