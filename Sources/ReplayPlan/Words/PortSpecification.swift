/// One word of EXPOSE: `[ip:][host:]port[-port][/protocol]`.
enum PortSpecification {
    /// The ports as an image's configuration names them: `80/tcp`.
    /// - Throws: ``PlanError`` without lines.
    static func ports(_ text: String) throws(PlanError) -> [String] {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let container = parts.removeLast()
        let host = parts.popLast() ?? ""
        let address = parts.joined(separator: ":")
        let halves = container.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(halves[0])
        guard !name.isEmpty else { throw wrong(text, "it names no port") }
        let transport = halves.count > 1 && !halves[1].isEmpty ? halves[1].lowercased() : "tcp"
        guard ["tcp", "udp", "sctp"].contains(transport) else {
            throw wrong(text, "the protocol is one of tcp, udp and sctp, not \(transport)")
        }
        guard address.isEmpty || InternetAddress.isValid(address) else {
            throw wrong(text, "\(address) is no IP address")
        }
        guard let range = range(name) else {
            throw wrong(text, "\(name) is no port: a port is a number from 0 to 65535")
        }
        if !host.isEmpty {
            guard let outer = Self.range(host) else { throw wrong(text, "\(host) is no port") }
            guard outer.count == range.count || range.count == 1 else {
                throw wrong(text, "the two port ranges differ in length")
            }
        }
        return range.map { "\($0)/\(transport)" }
    }

    private static func range(_ text: String) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = port(ends[0]) else { return nil }
        guard ends.count == 2, ends[0] != ends[1] else { return first...first }
        guard let last = port(ends[1]), first <= last else { return nil }
        return first...last
    }

    private static func port(_ text: Substring) -> Int? {
        guard let number = Int(text), (0...65535).contains(number) else { return nil }
        return number
    }

    private static func wrong(_ text: String, _ why: String) -> PlanError {
        PlanError(.argument, "EXPOSE \(text) is not valid: \(why).", highlight: text)
    }
}

/// The text forms of IP addresses.
enum InternetAddress {
    static func isValid(_ text: String) -> Bool {
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        return isVersion4(bare[...]) || isVersion6(bare)
    }

    private static func isVersion4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy(\.isDigit) && part.utf8.count <= 3 && (part == "0" || !part.hasPrefix("0"))
                    && UInt8(part) != nil
            }
    }

    private static func isVersion6(_ text: String) -> Bool {
        guard text.contains(":"), !text.contains(":::") else { return false }
        var groups = text.split(separator: ":", omittingEmptySubsequences: false)
        let gaps = text.indices.filter { text[$0...].hasPrefix("::") }.count
        guard gaps <= 1 else { return false }
        if text.hasPrefix("::") { groups.removeFirst() } else if text.hasPrefix(":") { return false }
        if text.hasSuffix("::") { groups.removeLast() } else if text.hasSuffix(":") { return false }
        var count = groups.count
        if let last = groups.last, last.contains(".") {
            guard isVersion4(last) else { return false }
            groups.removeLast()
            count += 1
        }
        guard groups.allSatisfy({ $0.isEmpty || ($0.utf8.count <= 4 && $0.utf8.allSatisfy(\.isHexadecimal)) }) else {
            return false
        }
        return gaps == 1 ? count <= 8 : count == 8
    }
}
