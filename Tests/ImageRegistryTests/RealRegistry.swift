import Foundation
import ReplayTestSupport
import SystemPackage

@testable import ImageRegistry

/// Debian's docker-registry, on a free port, until the body ends.
enum RealRegistry {
    static var isInstalled: Bool {
        ["/usr/bin/docker-registry", "/usr/bin/skopeo"].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static func with<Value>(
        _ scratch: ScratchDirectory, user: String? = nil, password: String = "",
        _ body: (String) async throws -> Value
    ) async throws -> Value {
        let port = try FreePort.find()
        var configuration = """
            version: 0.1
            storage: {filesystem: {rootdirectory: "\(scratch("registry"))"}}
            http: {addr: "127.0.0.1:\(port)"}

            """
        if let user {
            let made = try await CommandRun.run([
                "python3", "-W", "ignore", "-c",
                "import crypt,sys; print(sys.argv[1]+':'+crypt.crypt(sys.argv[2], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))",
                user, password,
            ])
            try scratch.write(made.output, to: "htpasswd")
            configuration += "auth: {htpasswd: {realm: here, path: \"\(scratch("htpasswd"))\"}}\n"
        }
        try scratch.write(configuration, to: "registry.yml")
        let server = try CommandRun(["docker-registry", "serve", scratch("registry.yml").string])
        // It writes this line when it listens.
        guard await server.waits(for: "listening on") else { throw Failure(text: await server.result().errors) }
        do {
            let value = try await body("127.0.0.1:\(port)")
            server.send(SIGKILL)
            _ = await server.result()
            return value
        } catch {
            server.send(SIGKILL)
            throw error
        }
    }

    @discardableResult static func skopeo(_ arguments: String...) async throws -> String {
        let result = try await CommandRun.run(["skopeo", "--insecure-policy"] + arguments)
        guard result.status == 0 else { throw Failure(text: result.errors) }
        return result.output
    }

    struct Failure: Error { var text: String }
}

/// An image layout of one image with one layer.
struct Layout {
    var path: FilePath
    var diffID: ContentDigest

    static func make(in scratch: ScratchDirectory) throws -> Layout {
        // One tar header of an empty file, and the end.
        var layer = [UInt8](repeating: 0, count: 512 * 3)
        layer.replaceSubrange(0..<5, with: Array("empty".utf8))
        layer.replaceSubrange(100..<107, with: Array("0000644".utf8))
        layer.replaceSubrange(108..<115, with: Array("0000000".utf8))
        layer.replaceSubrange(116..<123, with: Array("0000000".utf8))
        layer.replaceSubrange(124..<135, with: Array("00000000000".utf8))
        layer.replaceSubrange(136..<147, with: Array("00000000000".utf8))
        layer.replaceSubrange(148..<156, with: Array("        ".utf8))
        layer[156] = UInt8(ascii: "0")
        let sum = String(layer[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
        layer.replaceSubrange(148..<155, with: Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0])
        let diffID = ContentDigest(sha256Of: layer)
        func blob(_ bytes: [UInt8]) throws -> ContentDigest {
            let digest = ContentDigest(sha256Of: bytes)
            try scratch.write(bytes, to: "layout/blobs/sha256/\(digest.digits)")
            return digest
        }
        let config = Array(
            """
            {"architecture":"amd64","os":"linux","config":{"Env":["A=1"]},
            "rootfs":{"type":"layers","diff_ids":["\(diffID)"]},"history":[{"created_by":"x"}]}
            """.utf8)
        let manifest = Array(
            """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
            "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\(try blob(config))",
            "size":\(config.count)},
            "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"\(try blob(layer))",
            "size":\(layer.count)}]}
            """.utf8)
        try scratch.write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "layout/oci-layout")
        try scratch.write(
            """
            {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",
            "digest":"\(try blob(manifest))","size":\(manifest.count),
            "annotations":{"org.opencontainers.image.ref.name":"app"}}]}
            """, to: "layout/index.json")
        return Layout(path: scratch("layout"), diffID: diffID)
    }
}
