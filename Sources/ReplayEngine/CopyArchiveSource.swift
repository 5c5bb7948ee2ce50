public import BuildContexts
import RemoteHosts
public import ReplayPlan

/// Where the files of COPY and ADD come from.
public protocol CopyArchiveSource: Sendable {
    /// The files of one instruction as a tar archive, made while it is read.
    func archive(for action: CopyAction) throws -> any CopyArchiveReading
    /// `sha256:` of something that is equal only for equal archives; nil when that is not known before it is read.
    func identity(of action: CopyAction) -> String?
}

extension CopyArchiveSource {
    /// Not known.
    public func identity(of action: CopyAction) -> String? { nil }
}

/// A tar archive whose members are laid out as `<source index>/<relative path>`.
public protocol CopyArchiveReading: Sendable {
    /// The next bytes: at least one and at most `maximum`; empty at the end. One caller at a time.
    func read(upTo maximum: Int) throws -> [UInt8]
    /// `sha256:` of the whole, once it has been read to its end; nil before.
    var digest: String? { get }
    /// The bytes of content in it, without headers and padding.
    var contentSize: Int64 { get }
}

extension CopyArchive: CopyArchiveReading {}

/// The archives of a build context that is a directory of this machine.
public struct ContextArchives: CopyArchiveSource {
    private let context: DirectoryContext
    private let manifest: ContextManifest

    /// Makes a source.
    /// - Parameter manifest: The one that the plan was made from.
    public init(_ context: DirectoryContext, manifest: ContextManifest) {
        self.context = context
        self.manifest = manifest
    }

    /// The files of one instruction.
    public func archive(for action: CopyAction) throws -> any CopyArchiveReading {
        try context.archive(of: action, manifest: manifest)
    }

    /// The name of the files of one instruction.
    public func identity(of action: CopyAction) -> String? { context.archiveIdentity(of: action, manifest: manifest) }
}

/// An archive as the input of an upload.
struct CopyArchiveInput: InputSource {
    let archive: any CopyArchiveReading

    func read(upTo maximum: Int) throws -> InputRead {
        let bytes = try archive.read(upTo: maximum)
        return bytes.isEmpty ? .end : .bytes(bytes)
    }

    func setWaker(_ waker: @escaping @Sendable () -> Void) {}
}
