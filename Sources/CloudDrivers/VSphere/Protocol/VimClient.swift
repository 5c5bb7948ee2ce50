internal import Clouds
internal import Foundation
internal import HTTPTransport
internal import Synchronization

/// Speaks vim25 with a vCenter: one method call a request, SOAP 1.1 over HTTPS.
///
/// Source: the vSphere Web Services API reference. Calls are made one after the other; long waits have a client of their own
/// (``fork()``), so that they do not hold up others.
struct VimClient: Sendable {
    /// `https://HOST/sdk`.
    let url: String
    private let http: HTTPClient
    private let trust: HTTPTrust
    /// The session's cookie, which all clients of one session share.
    private let cookie: SharedCookie

    init(url: String, trust: HTTPTrust) {
        self.init(url: url, trust: trust, cookie: SharedCookie())
    }

    private init(url: String, trust: HTTPTrust, cookie: SharedCookie) {
        self.url = url
        self.trust = trust
        self.cookie = cookie
        // A wait for updates is silent for up to a minute.
        http = HTTPClient(limits: HTTPLimits(connect: .seconds(20), stall: .seconds(120)), trust: trust)
    }

    /// Another connection of the same session.
    func fork() -> VimClient { VimClient(url: url, trust: trust, cookie: cookie) }

    /// Forgets the session.
    func forgetSession() { cookie.value.withLock { $0 = nil } }

    /// Calls a method of an object.
    /// - Parameter arguments: In the order of the method's declaration.
    /// - Returns: The answer's element `…Response`, whose children are named `returnval`.
    /// - Throws: ``VimFault``; ``CloudError`` when there is no answer.
    @discardableResult
    func call(_ method: String, _ this: ManagedObject, _ arguments: [Element?] = []) async throws -> Element {
        let body = Element(method, [Element("_this", this)] + arguments)
        var request = HTTPRequest(
            url,
            headers: [
                HTTPHeader("Content-Type", "text/xml; charset=utf-8"), HTTPHeader("SOAPAction", "\"urn:vim25/6.5\""),
                // Or libcurl asks first whether a long body is welcome, which costs a round trip.
                HTTPHeader("Expect", ""),
            ])
        if let value = cookie.value.withLock({ $0 }) { request.headers.append(HTTPHeader("Cookie", value)) }
        request.body = Array(Self.envelope(body).utf8)
        let response: HTTPResponse
        do { response = try await http.exchange(request) } catch let error as HTTPError {
            throw Self.unreachable(error, url)
        }
        if let line = response.header("Set-Cookie"), line.hasPrefix("vmware_soap_session=") {
            cookie.value.withLock { $0 = String(line.prefix { $0 != ";" }) }
        }
        guard [200, 500].contains(response.status) else {
            throw CloudError(
                .launchFailed, "\(request.displayURL) answered \(method) with the HTTP status \(response.status).",
                context: response.status == 503 ? ["The server is overloaded or starts: try again later."] : [])
        }
        return try Self.answer(in: Element.parse(response.body))
    }

    private static func envelope(_ body: Element) -> String {
        let content = body.xml
        // The body's namespace goes to its first element.
        let name = "<\(body.name)"
        return """
            <?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
            xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\
            <soapenv:Body>\(name) xmlns="urn:vim25"\(content.dropFirst(name.count))</soapenv:Body></soapenv:Envelope>
            """
    }

    private static func answer(in envelope: Element) throws -> Element {
        guard let content = envelope["Body"]?.children.first else {
            throw VSphereError.protocolViolation("an envelope has no body")
        }
        guard content.name == "Fault" else { return content }
        let message = content["faultstring"]?.text.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        let detail = content["detail"]?.children.first ?? Element("Fault", [])
        var name = detail.type ?? detail.name
        if detail.type == nil, name.hasSuffix("Fault") { name.removeLast("Fault".count) }
        throw VimFault(name: name, message: message, detail: detail)
    }

    private static func unreachable(_ error: HTTPError, _ url: String) -> CloudError {
        var context = error.context
        if error.code == .insecure {
            context.append(
                "The certificate is not trusted. Give its authority (GOVC_TLS_CA_CERTS, --ca-file) or its thumbprint "
                    + "(--thumbprint, GOVC_THUMBPRINT): 'replay doctor --cloud vsphere' shows the one that it has.")
        }
        return CloudError(
            error.code == .insecure ? .missingPrerequisite : .launchFailed,
            "The vCenter cannot be asked: \(error.message)", context: context, cause: error.cause)
    }
}

/// A session's cookie. A class, since clients of one session are values.
private final class SharedCookie: Sendable {
    let value = Mutex<String?>(nil)
}
