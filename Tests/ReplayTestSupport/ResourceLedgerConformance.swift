public import Clouds
import Testing

/// What every `ResourceLedger` promises. The subject is a fresh, empty ledger.
public enum ResourceLedgerConformance {
    /// The promises.
    public static let all: [ConformanceCheck<any ResourceLedger>] = [
        ConformanceCheck("an intent is an entry at once") { ledger in
            let resource = sample(1)
            let id = try await ledger.intend(resource)
            let entries = try await ledger.entries(of: resource.build)
            #expect(
                entries == [LedgerEntry(id: id, resource: resource, state: .intended)], "entries are \(entries)")
        },
        ConformanceCheck("confirm makes it present and notes the reference") { ledger in
            var resource = sample(1)
            let id = try await ledger.intend(resource)
            try await ledger.confirm(id, reference: "4711:99")
            resource.reference = "4711:99"
            let entries = try await ledger.entries(of: resource.build)
            #expect(entries == [LedgerEntry(id: id, resource: resource, state: .present)], "entries are \(entries)")
        },
        ConformanceCheck("confirm without a reference keeps the one that is known") { ledger in
            let resource = sample(1)
            let id = try await ledger.intend(resource)
            try await ledger.confirm(id, reference: "a")
            try await ledger.confirm(id, reference: nil)
            let entries = try await ledger.entries(of: resource.build)
            #expect(entries.first?.resource.reference == "a", "entries are \(entries)")
        },
        ConformanceCheck("a repeated confirm takes the newer reference") { ledger in
            let resource = sample(1)
            let id = try await ledger.intend(resource)
            try await ledger.confirm(id, reference: "a")
            try await ledger.confirm(id, reference: "b")
            let entries = try await ledger.entries(of: resource.build)
            #expect(entries.map(\.resource.reference) == ["b"], "entries are \(entries)")
        },
        ConformanceCheck("gone removes the entry, twice too, and unknown entries are no error") { ledger in
            let resource = sample(1)
            let id = try await ledger.intend(resource)
            try await ledger.gone(id)
            try await ledger.gone(id)
            try await ledger.gone(id + 1000)
            let entries = try await ledger.entries(of: resource.build)
            #expect(entries.isEmpty, "entries are \(entries)")
        },
        ConformanceCheck("entries come newest first, and later ones have higher numbers") { ledger in
            let build = BuildID.random()
            for number in 1...5 { _ = try await ledger.intend(sample(number, of: build)) }
            let entries = try await ledger.entries(of: build)
            #expect(
                entries.map(\.resource.token) == [5, 4, 3, 2, 1].map { sample($0, of: build).token },
                "entries are \(entries)")
            #expect(entries.map(\.id) == entries.map(\.id).sorted(by: >), "numbers are \(entries.map(\.id))")
        },
        ConformanceCheck("a number is not used again") { ledger in
            let first = try await ledger.intend(sample(1))
            try await ledger.gone(first)
            let second = try await ledger.intend(sample(1))
            #expect(second > first, "\(second) follows \(first)")
        },
        ConformanceCheck("builds do not see each other's entries") { ledger in
            let mine = sample(1)
            let other = sample(1)
            _ = try await ledger.intend(mine)
            _ = try await ledger.intend(other)
            let entries = try await ledger.entries(of: mine.build)
            #expect(entries.map(\.resource) == [mine], "entries are \(entries)")
        },
        ConformanceCheck("every kind and odd tokens come back as they went in") { ledger in
            let build = BuildID.random()
            let resources = [ResourceKind.process, .file, .directory, .virtualMachine, ResourceKind(rawValue: "x y")]
                .map { Resource(cloud: "a'b", kind: $0, build: build, token: "/tmp/é\n'\"; \($0.rawValue)") }
            for resource in resources { _ = try await ledger.intend(resource) }
            let entries = try await ledger.entries(of: build)
            #expect(entries.map(\.resource) == resources.reversed(), "entries are \(entries)")
        },
        ConformanceCheck("fifty writers at once lose nothing") { ledger in
            let build = BuildID.random()
            let ids = try await withThrowingTaskGroup(of: LedgerEntry.ID.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let id = try await ledger.intend(sample(number, of: build))
                        try await ledger.confirm(id, reference: "\(number)")
                        return id
                    }
                }
                return try await group.reduce(into: Set<LedgerEntry.ID>()) { $0.insert($1) }
            }
            let entries = try await ledger.entries(of: build)
            #expect(ids.count == 50 && Set(entries.map(\.id)) == ids, "\(ids.count) numbers, \(entries.count) entries")
            #expect(entries.allSatisfy { $0.state == .present }, "some entries are not confirmed")
        },
    ]

    private static func sample(_ number: Int, of build: BuildID = .random()) -> Resource {
        Resource(cloud: "in-memory", kind: .directory, build: build, token: "/nowhere/\(number)")
    }
}
