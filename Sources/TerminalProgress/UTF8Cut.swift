/// Where a piece of UTF-8 text was cut within a character.
enum UTF8Cut {
    /// How many bytes at the end begin a character that further bytes could complete: 0 to 3.
    static func incompleteSuffix(_ bytes: ArraySlice<UInt8>) -> Int {
        for length in 1...3 {
            guard bytes.count >= length else { return 0 }
            let byte = bytes[bytes.endIndex - length]
            if byte & 0xC0 == 0x80 { continue }
            let needed =
                switch byte {
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 1
                }
            return needed > length ? length : 0
        }
        return 0
    }
}
