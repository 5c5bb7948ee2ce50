internal import Clouds
internal import FoundationEssentials
internal import SystemPackage

/// A disk image file, as `qemu-img` sees it.
struct DiskImage: Sendable, Hashable {
    /// Where it is.
    let path: FilePath
    /// `qcow2` or `raw`; of an imported disk also `vmdk`.
    let format: String
    /// The disk's size in bytes, as a guest sees it.
    let size: Int64

    /// Looks at an image that machines are to be started from.
    /// - Throws: `.notFound` without the file; `.launchFailed` for what is no image, or one that leads to further files: a
    ///   downloaded image must not name files of this machine as its contents.
    /// - Parameter formats: What is accepted.
    static func inspect(
        _ path: FilePath, with tools: QEMUTools, formats: Set<String> = ["qcow2", "raw"]
    ) async throws -> DiskImage {
        guard (try? path.stat().type) == .regular else {
            throw CloudError(.notFound, "The disk image '\(path)' does not exist.")
        }
        let answer = try await LocalCommand(tools.image, ["info", "--output=json", "-U", path.string]).run()
        guard answer.succeeded,
            let info = try? JSONDecoder().decode(JSONValue.self, from: Data(answer.output.utf8)),
            let format = info["format"]?.text, let size = info["virtual-size"]?.integer
        else { throw CloudError(.launchFailed, "'\(path)' is no disk image: \(answer.reason)") }
        guard info["backing-filename"] == nil, info["format-specific"]?["data"]?["data-file"] == nil,
            formats.contains(format), info.isOneFile(path)
        else {
            throw CloudError(
                .launchFailed, "'\(path)' is not a whole image of its own (format \(format)); it is not used.")
        }
        return DiskImage(path: path, format: format, size: size)
    }

    /// Makes a copy-on-write image over this one.
    /// - Parameter gigabytes: The new disk's size in GiB; nil keeps this one's.
    func overlay(at path: FilePath, gigabytes: Int?, with tools: QEMUTools) async throws {
        var arguments = ["create", "-q", "-f", "qcow2", "-F", format, "-b", self.path.string, path.string]
        if let gigabytes {
            let bytes = Int64(gigabytes) << 30
            guard bytes >= size else {
                throw CloudError(
                    .launchFailed,
                    "The disk of '\(self.path)' has \((size + (1 << 30) - 1) >> 30) GiB: --disk must be at least that.")
            }
            arguments.append(String(bytes))
        }
        let answer = try await LocalCommand(tools.image, arguments).run()
        guard answer.succeeded else {
            throw CloudError(
                answer.isForLackOfSpace ? .noSpace : .launchFailed,
                "The machine's disk '\(path)' could not be made: \(answer.reason)")
        }
    }
}

extension JSONValue {
    /// Whether a vmdk, whose description may name other files as its contents, names itself only.
    fileprivate func isOneFile(_ path: FilePath) -> Bool {
        guard self["format"]?.text == "vmdk" else { return true }
        let data = self["format-specific"]?["data"]
        return ["streamOptimized", "monolithicSparse"].contains(data?["create-type"]?.text)
    }
}
