internal import Foundation
internal import FoundationXML

/// An XML element: what is sent is written from these, and what comes is read into them.
///
/// Names are local: vSphere's answers use one namespace for all that matters here. `xsi:type` is kept apart, by its namespace,
/// since servers choose different prefixes.
struct Element: Sendable, Hashable {
    /// The local name.
    var name: String
    /// `xsi:type` without its prefix; what says which subtype of a declared type this is.
    var type: String?
    /// The attribute `type` of a managed object reference.
    var reference: String?
    /// The text, when there are no children.
    var text = ""
    /// The children, in order. The order matters to vCenter: its types are sequences.
    var children: [Element] = []

    /// An element with children; those that are nil are left out.
    init(_ name: String, type: String? = nil, _ children: [Element?]) {
        self.name = name
        self.type = type
        self.children = children.compactMap(\.self)
    }

    /// An element with text.
    init(_ name: String, type: String? = nil, _ text: String) {
        self.name = name
        self.type = type
        self.text = text
    }

    /// A reference to a managed object.
    init(_ name: String, _ object: ManagedObject) {
        self.name = name
        reference = object.type
        text = object.value
    }

    /// A number.
    init(_ name: String, _ number: Int) { self.init(name, String(number)) }
    /// A truth value.
    init(_ name: String, _ value: Bool) { self.init(name, value ? "true" : "false") }

    // MARK: Reading

    /// The first child of this name.
    subscript(name: String) -> Element? { children.first { $0.name == name } }

    /// All children of this name.
    func all(_ name: String) -> [Element] { children.filter { $0.name == name } }

    /// The object that the element refers to.
    var object: ManagedObject? {
        guard let type = reference ?? type, !text.isEmpty else { return nil }
        return ManagedObject(type: type, value: text)
    }

    /// The element below a path of names.
    func at(_ path: String...) -> Element? { path.reduce(self as Element?) { $0?[$1] } }

    /// Whether the text is true.
    var isTrue: Bool { text == "true" || text == "1" }

    /// Reads a document.
    /// - Throws: ``CloudError`` when the bytes are not well-formed XML.
    static func parse(_ bytes: [UInt8]) throws -> Element {
        let reader = ElementReader()
        let parser = XMLParser(data: Data(bytes))
        parser.shouldProcessNamespaces = true
        parser.shouldReportNamespacePrefixes = false
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        guard parser.parse(), let root = reader.root else {
            throw VSphereError.protocolViolation("an answer is no XML")
        }
        return root
    }

    // MARK: Writing

    /// The element as XML.
    var xml: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to output: inout String) {
        output += "<\(name)"
        if let type { output += #" xsi:type="\#(type)""# }
        if let reference { output += #" type="\#(reference)""# }
        if children.isEmpty, text.isEmpty {
            output += "/>"
            return
        }
        output += ">"
        output += Self.escaped(text)
        for child in children { child.write(to: &output) }
        output += "</\(name)>"
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\r": result += "&#13;"
            // What XML 1.0 cannot say at all.
            case _ where scalar.value < 0x20 && scalar != "\n" && scalar != "\t": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// A reference to an object of the server: `VirtualMachine`, `vm-42`.
struct ManagedObject: Sendable, Hashable {
    var type: String
    var value: String

    init(type: String, value: String) {
        self.type = type
        self.value = value
    }

    /// Reads `VirtualMachine:vm-42`.
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        self.init(type: String(parts[0]), value: String(parts[1]))
    }

    /// `VirtualMachine:vm-42`, as ``init(_:)`` reads it.
    var text: String { "\(type):\(value)" }
}

/// Builds elements from the parser's events.
private final class ElementReader: NSObject, XMLParserDelegate {
    private(set) var root: Element?
    private var open: [Element] = []

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        var element = Element(name, [])
        for (key, value) in attributes {
            let local = key.split(separator: ":").last.map(String.init) ?? key
            guard local == "type" else { continue }
            // An attribute with a prefix is xsi:type: these answers have no other one of that name.
            if key.contains(":") {
                element.type = value.split(separator: ":").last.map(String.init)
            } else {
                element.reference = value
            }
        }
        open.append(element)
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        if !open.isEmpty { open[open.count - 1].text += text }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        guard var element = open.popLast() else { return }
        // Between children there is white space only.
        if !element.children.isEmpty { element.text = "" }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }
}
