/// The frames that go to the guest: `VERB A B C LENGTH`, a newline, and LENGTH bytes (for `lines`: LENGTH lines).
enum Frame {
    /// A frame; fields that the verb does not use are `-`.
    static func bytes(
        _ verb: String, _ one: String = "-", _ two: String = "-", _ three: String = "-", payload: [UInt8] = []
    ) -> [UInt8] {
        Array("\(verb) \(one) \(two) \(three) \(payload.count)\n".utf8) + payload
    }

    /// Whether text can be a field that is also a file name on the guest.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
        return text.utf8.count <= 100
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
