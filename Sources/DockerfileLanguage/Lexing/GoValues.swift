/// Values in the spellings that Go's standard library and Docker's libraries read.
enum GoValues {
    /// `strconv.ParseBool`.
    static func bool(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    /// `strconv.ParseUint` with 32 bits: digits only.
    static func unsigned(_ text: String, radix: Int) -> UInt32? {
        guard text.utf8.allSatisfy({ $0.isASCIIDigit }) else { return nil }
        return UInt32(text, radix: radix)
    }

    /// `units.RAMInBytes` of docker/go-units: `10m`, `1.5 GiB`, `512`; a kilobyte has 1024 bytes.
    static func memorySize(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard let last = bytes.lastIndex(where: { $0.isASCIIDigit || $0 == UInt8(ascii: ".") || $0 == Byte.space })
        else { return nil }
        let number = bytes[..<(bytes[last] == Byte.space ? last : last + 1)].text
        guard number.utf8.allSatisfy({ $0.isASCIIDigit || "+.eE".utf8.contains($0) }), let value = Double(number) else {
            return nil
        }
        let suffix = bytes[(last + 1)...].text.lowercased()
        let factors: [Character: Double] = ["k": 0x1p10, "m": 0x1p20, "g": 0x1p30, "t": 0x1p40, "p": 0x1p50]
        guard let unit = suffix.first, suffix != "b" else { return whole(value) }
        guard let factor = factors[unit], ["", "b", "ib"].contains(suffix.dropFirst()) else { return nil }
        return whole(value * factor)
    }

    /// The whole part, where an Int64 holds it.
    private static func whole(_ value: Double) -> Int64? { value < 0x1p63 ? Int64(value) : nil }

    /// `time.ParseDuration` in nanoseconds: `1m30s`, `1.5h`, `-2us`, `0`.
    static func duration(_ text: String) -> Int64? {
        let units: [String: Double] = [
            "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
        ]
        var rest = Array(text.utf8)[...]
        let negative = rest.first == Byte.dash
        if negative || rest.first == Byte.plus { rest = rest.dropFirst() }
        if rest.elementsEqual("0".utf8) { return 0 }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            let dot = UInt8(ascii: ".")
            let number = rest.prefix { $0.isASCIIDigit || $0 == dot }
            rest = rest[number.endIndex...]
            let unit = rest.prefix { !$0.isASCIIDigit && $0 != dot }
            rest = rest[unit.endIndex...]
            guard let factor = units[unit.text], let nanoseconds = product(number, factor) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(nanoseconds)
            if overflow { return nil }
            total = sum
        }
        return negative ? -total : total
    }

    /// The whole part in integers, so that it is exact; the fraction in floating point, as Go does it.
    private static func product(_ number: Bytes, _ factor: Double) -> Int64? {
        let parts = number.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let whole = parts.first?.text ?? ""
        let fraction = parts.count == 2 ? parts[1].text : ""
        guard !(whole.isEmpty && fraction.isEmpty), !fraction.utf8.contains(UInt8(ascii: ".")) else { return nil }
        guard let units = whole.isEmpty ? 0 : Int64(whole) else { return nil }
        let (scaled, overflow) = units.multipliedReportingOverflow(by: Int64(factor))
        guard !overflow, let part = fraction.isEmpty ? 0 : Double("0." + fraction) else { return nil }
        let (sum, tooLarge) = scaled.addingReportingOverflow(Int64(part * factor))
        return tooLarge ? nil : sum
    }
}
