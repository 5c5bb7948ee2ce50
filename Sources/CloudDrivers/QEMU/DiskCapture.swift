internal import Clouds
internal import Crypto
internal import FoundationEssentials
internal import SystemCalls
internal import SystemPackage

/// Flattens a disk into one image of its own: a stopped machine's into a template's, a template's into a file for others.
struct DiskCapture: Sendable {
    let tools: QEMUTools
    /// The disk that is read.
    let source: FilePath
    /// Its format, in `qemu-img`'s words.
    var sourceFormat = "qcow2"
    /// The format that is written.
    var format = DiskFormat.qcow2
    /// The unfinished image; it gets its name when it is whole.
    let partial: FilePath

    /// The name of an unfinished image of a build.
    static func partialName(of build: BuildID) -> String { "disk.qcow2.\(build).partial" }
    /// The name of a whole one.
    static let finalName = "disk.qcow2"

    /// How many bytes the flattened disk holds before they are compressed.
    func size() async throws -> Int64? {
        let answer = try await LocalCommand(
            tools.image, ["measure", "-f", sourceFormat, "-O", "qcow2", "--output=json", source.string]
        ).run()
        return try? JSONDecoder().decode(JSONValue.self, from: Data(answer.output.utf8))["required"]?.integer
    }

    /// Writes the image.
    /// - Parameters:
    ///   - started: Called with the tool's process number.
    ///   - progress: Called with what is done, from 0 to 1.
    /// - Throws: `.noSpace`, `.captureFailed`.
    func run(started: (Int32) async throws -> Void, progress: @escaping (Double) -> Void) async throws {
        let answer = try await LocalCommand(
            tools.image,
            ["convert", "-p", "-m", "4", "-W", "-f", sourceFormat] + format.arguments + [source.string, partial.string]
        ).run(started: started) { text in
            // "    (12.34/100%)\r"
            for piece in text.split(separator: "(") {
                if let end = piece.firstIndex(of: "/"), let percent = Double(piece[..<end]) { progress(percent / 100) }
            }
        }
        guard answer.succeeded else {
            throw CloudError(
                answer.isForLackOfSpace ? .noSpace : .captureFailed,
                "The image '\(partial)' could not be written: \(answer.reason)")
        }
        do {
            try AtomicFile.synchronize(partial)
        } catch {
            throw CloudError(
                error.isForLackOfSpace ? .noSpace : .captureFailed, "The image '\(partial)' could not be written.",
                cause: error)
        }
    }

    /// The digest of an image's bytes, `sha256:…`.
    func digest(of image: FilePath) throws -> String {
        var hash = SHA256()
        let file = try FileDescriptor.open(image, .readOnly, options: [.closeOnExec])
        try file.closeAfter {
            while true {
                try Task.checkCancellation()
                let bytes = try file.piece(upTo: 1 << 20)
                if bytes.isEmpty { break }
                hash.update(data: bytes)
            }
        }
        let digits = hash.finalize().map { byte in
            let text = String(byte, radix: 16)
            return text.count == 2 ? text : "0" + text
        }
        return "sha256:" + digits.joined()
    }
}

extension DiskFormat {
    /// What `qemu-img convert` is told to write.
    fileprivate var arguments: [String] {
        switch self {
        // On two cores a Debian guest takes 3 s with zstd and 12 s with zlib, which makes it 3 % larger.
        case .qcow2: ["-c", "-O", "qcow2", "-o", "compression_type=zstd"]
        case .raw: ["-O", "raw"]
        // The form of OVF packages, which vSphere and VirtualBox import.
        case .vmdk: ["-O", "vmdk", "-o", "subformat=streamOptimized"]
        }
    }
}
