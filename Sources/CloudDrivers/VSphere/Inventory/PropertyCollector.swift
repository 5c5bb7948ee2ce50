internal import Clouds

/// Properties of an object, by their paths.
typealias Properties = [String: Element]

/// What to read: the properties of each type, and from which objects on.
struct PropertyQuery: Sendable {
    /// The paths of each type that is met.
    var properties: [(type: String, paths: [String])]
    /// Where to begin.
    var objects: [ManagedObject]
    /// How to go on from there: `type` and `path` of a property that leads to further objects, each a step further.
    var steps: [(type: String, path: String)] = []

    /// `PropertyFilterSpec` of the API.
    var filter: Element { Element("spec", content) }
    /// The same as a member of `RetrievePropertiesEx`.
    var specSet: Element { Element("specSet", content) }

    private var content: [Element?] {
        properties.map { type, paths in
            Element("propSet", [Element("type", type)] + paths.map { Element("pathSet", $0) })
        } + objects.map { Element("objectSet", [Element("obj", $0), selection(steps[...])]) }
    }

    private func selection(_ steps: ArraySlice<(type: String, path: String)>) -> Element? {
        guard let step = steps.first else { return nil }
        return Element(
            "selectSet", type: "TraversalSpec",
            [
                Element("type", step.type), Element("path", step.path), Element("skip", false),
                selection(steps.dropFirst()),
            ])
    }
}

extension VimSession {
    /// Reads properties, page by page where the server gives pages.
    /// - Returns: The objects in the server's order. A property that the object does not have, or that may not be read, is missing.
    func retrieve(_ query: PropertyQuery, to action: String) async throws -> [(
        object: ManagedObject, properties: Properties
    )] {
        var found: [(ManagedObject, Properties)] = []
        var answer = try await call(
            "RetrievePropertiesEx", { try $0.object("propertyCollector") },
            [query.specSet, Element("options", [])], to: action)["returnval"]
        while let page = answer {
            for content in page.all("objects") {
                guard let object = content["obj"]?.object else { continue }
                var properties: Properties = [:]
                for property in content.all("propSet") {
                    if let name = property["name"]?.text, let value = property["val"] { properties[name] = value }
                }
                found.append((object, properties))
            }
            guard let token = page["token"]?.text else { break }
            answer = try await call(
                "ContinueRetrievePropertiesEx", { try $0.object("propertyCollector") }, [Element("token", token)],
                to: action)["returnval"]
        }
        return found
    }

    /// Reads properties of one object; nil when it does not exist.
    func properties(
        of object: ManagedObject, _ paths: [String], to action: String
    ) async throws -> Properties? {
        do {
            let query = PropertyQuery(properties: [(object.type, paths)], objects: [object])
            return try await retrieve(query, to: action).first?.properties
        } catch let error as CloudError where error.code == .notFound { return nil }
    }

    /// Follows properties of an object until the body answers something. A property collector of its own, so that several waits do not
    /// see each other's news.
    /// - Parameters:
    ///   - limit: How long to wait; nil for as long as it takes.
    ///   - body: Gets all properties that are known whenever one has changed. `nil` goes on.
    /// - Throws: ``CloudError/Code/timedOut``; ``CloudError/Code/notFound`` when the object has gone; what the body throws.
    func follow<Answer: Sendable>(
        _ object: ManagedObject, _ paths: [String], for what: String, within limit: Duration?,
        _ body: @Sendable (Properties) async throws -> Answer?
    ) async throws -> Answer {
        let deadline = limit.map { ContinuousClock.now + $0 }
        let action = "wait for \(what)"
        guard
            let collector = try await call(
                "CreatePropertyCollector", { try $0.object("propertyCollector") }, to: action)["returnval"]?.object
        else { throw VSphereError.protocolViolation("it makes no property collector") }
        do {
            let query = PropertyQuery(properties: [(object.type, paths)], objects: [object])
            try await call(
                "CreateFilter", collector, [query.filter, Element("partialUpdates", false)], to: action)
            let answer = try await updates(of: collector, what: what, until: deadline, body)
            await discard(collector)
            return answer
        } catch {
            await discard(collector)
            throw error
        }
    }

    /// How long one question may stay without an answer, in seconds.
    private static let longestWait = 20

    private func updates<Answer: Sendable>(
        of collector: ManagedObject, what: String, until deadline: ContinuousClock.Instant?,
        _ body: @Sendable (Properties) async throws -> Answer?
    ) async throws -> Answer {
        var version = ""
        var properties: Properties = [:]
        while true {
            try Task.checkCancellation()
            let left = deadline.map { max(1, Int(($0 - .now).components.seconds)) } ?? Self.longestWait
            let update = try await call(
                "WaitForUpdatesEx", collector,
                [
                    Element("version", version),
                    Element("options", [Element("maxWaitSeconds", min(Self.longestWait, left))]),
                ],
                to: "wait for \(what)", isLong: true)["returnval"]
            if let update {
                version = update["version"]?.text ?? version
                for object in update.all("filterSet").flatMap({ $0.all("objectSet") }) {
                    if object["kind"]?.text == "leave" {
                        throw CloudError(.notFound, "It disappeared while replay waited for \(what).")
                    }
                    for change in object.all("changeSet") {
                        if let name = change["name"]?.text { properties[name] = change["val"] }
                    }
                }
                if update["truncated"]?.isTrue == true { continue }
                if let answer = try await body(properties) { return answer }
            } else {
                // After so long a silence the whole state is asked for anew: news that a server has lost would be waited for in vain.
                version = ""
            }
            if let deadline, ContinuousClock.now >= deadline {
                throw CloudError(.timedOut, "Waiting for \(what) took too long.")
            }
        }
    }

    /// Also when the task is cancelled: the server keeps what nobody discards until the session ends.
    private func discard(_ collector: ManagedObject) async {
        await Task { _ = try? await self.call("DestroyPropertyCollector", collector, to: "end a wait") }.value
    }

    /// Waits for the end of a task and answers its result. A cancelled wait cancels the task.
    /// - Parameter progress: Called with per cents.
    @discardableResult
    func finish(
        _ answer: Element, to action: String, within limit: Duration = .seconds(3600),
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> Element? {
        guard let task = answer["returnval"]?.object else {
            throw VSphereError.protocolViolation("no task to \(action)")
        }
        do {
            return try await follow(
                task, ["info.state", "info.error", "info.result", "info.progress"], for: "the task to \(action)",
                within: limit
            ) { properties in
                if let text = properties["info.progress"]?.text, let percent = Int(text) { progress(percent) }
                switch properties["info.state"]?.text {
                case "success": return TaskOutcome(result: properties["info.result"])
                case "error":
                    let error = properties["info.error"]
                    let fault = error?["fault"] ?? Element("fault", [])
                    throw await self.explained(
                        VimFault(
                            name: fault.type ?? "Fault", message: error?["localizedMessage"]?.text ?? "", detail: fault),
                        to: action)
                default: return nil
                }
            }.result
        } catch is CancellationError {
            await Task { _ = try? await self.call("CancelTask", task, to: "cancel a task") }.value
            throw CancellationError()
        }
    }

    private struct TaskOutcome: Sendable { var result: Element? }
}
