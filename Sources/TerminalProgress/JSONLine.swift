/// Writes one JSON object on one line (RFC 8259). All but printable characters are escaped, so that a line that is shown
/// on a terminal does nothing to it.
enum JSONLine {
    enum Value {
        case text(String)
        case number(Int64)
        /// A number as it is to be written.
        case literal(String)
        case base64([UInt8])
    }

    static func write(_ fields: [(name: String, value: Value)], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        for (index, field) in fields.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            write(field.name, to: &output)
            output.append(UInt8(ascii: ":"))
            switch field.value {
            case .text(let text): write(text, to: &output)
            case .number(let number): output.write(String(number))
            case .literal(let text): output.write(text)
            case .base64(let bytes):
                output.append(UInt8(ascii: "\""))
                writeBase64(bytes, to: &output)
                output.append(UInt8(ascii: "\""))
            }
        }
        output.write("}\n")
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var previous: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0x0A: output.write("\\n")
            case 0x00...0x1F, 0x7F: escape(byte, &output)
            case 0x80...0x9F where previous == 0xC2:
                // U+0080–U+009F: control characters, too, for some terminals.
                output.removeLast()
                escape(byte, &output)
            default: output.append(byte)
            }
            previous = byte
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func escape(_ value: UInt8, _ output: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        output.write("\\u00")
        output.append(digits[Int(value >> 4)])
        output.append(digits[Int(value & 15)])
    }

    /// RFC 4648, section 4.
    private static func writeBase64(_ bytes: [UInt8], to output: inout [UInt8]) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var index = 0
        while index < bytes.count {
            let count = min(3, bytes.count - index)
            var group = UInt32(bytes[index]) << 16
            if count > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if count > 2 { group |= UInt32(bytes[index + 2]) }
            for place in 0..<4 {
                let value = Int((group >> (18 - 6 * UInt32(place))) & 63)
                output.append(place <= count ? alphabet[value] : UInt8(ascii: "="))
            }
            index += count
        }
    }
}
