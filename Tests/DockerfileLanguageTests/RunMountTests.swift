import DockerfileLanguage
import Testing

/// `RUN --mount`: what the keys mean, in their order, after expansion.
@Suite struct RunMountTests {
    private func mount(_ flag: String, _ environment: [String: String] = [:]) throws -> RunMount {
        let file = try DockerfileParser.parse("FROM a\nRUN --mount=\(flag) x\n")
        guard case .run(let run) = file.stages[0].instructions[0] else { throw DockerfileError(.mount, "no RUN") }
        let expander = WordExpander()
        return try run.mounts[0].resolve { (word) throws(DockerfileError) in
            try expander.expand(word, lookup: { environment[$0] }).text
        }
    }

    @Test func bindIsTheDefaultAndReadOnly() throws {
        let mount = try mount("target=/t,from=s")
        #expect(mount.kind == .bind)
        #expect(mount.isReadOnly)
        #expect(mount.target == "/t")
        #expect(mount.from == "s")
        #expect(try !self.mount("target=/t,rw").isReadOnly)
    }

    @Test func cacheCanBeWritten() throws {
        let mount = try mount("type=cache,target=/c,sharing=Locked,mode=0755,uid=1,gid=2,id=x")
        #expect(mount.kind == .cache)
        #expect(!mount.isReadOnly)
        #expect(mount.sharing == .locked)
        #expect([mount.mode, mount.uid, mount.gid] == [0o755, 1, 2])
        #expect(mount.id == "x")
    }

    @Test func valuesAreExpanded() throws {
        let mount = try mount("type=$T,target=${D}/x,ro=$R", ["T": "tmpfs", "D": "/d", "R": "true"])
        #expect(mount.kind == .tmpfs)
        #expect(mount.target == "/d/x")
        #expect(mount.isReadOnly)
    }

    @Test(arguments: [
        ("10m", Int64(10 << 20)), ("1.5g", 3 << 29), ("512", 512), ("1 KiB", 1024), ("2b", 2), ("3tb", 3 << 40),
    ])
    func sizesHaveUnits(_ text: String, _ bytes: Int64) throws {
        #expect(try mount("type=tmpfs,target=/t,size='\(text)'").sizeLimit == bytes)
    }

    @Test func quotedFieldsHoldCommas() throws {
        #expect(try mount("'type=bind,\"target=/a,b\"'").target == "/a,b")
    }

    @Test(arguments: [
        "type=foo", "type=secret", "foo", "foo=bar", "type=tmpfs,size=x", "type=cache,sharing=foo", "type=bind,uid=1",
        "required,type=secret,id=a", "type=secret,id=a,source=b", "type=secret,id=a,from=b",
        "type=tmpfs,sharing=shared",
        "size=1,type=tmpfs", "type=cache,mode=9", "ro=maybe", "from=$x,target=/a", "a\"b\"",
        "type=secret,id=a,sharing=shared",
    ])
    func wrongMountsAreErrors(_ flag: String) {
        #expect(throws: DockerfileError.self) { try mount("'\(flag)'") }
    }
}
