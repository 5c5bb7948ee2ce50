public import Clouds
internal import Foundation
public import ReplayEvents
internal import SystemCalls
internal import SystemPackage

extension QEMUDriver {
    /// Flattens and compresses the disk of a stopped machine into `disk.qcow2` in the request's directory.
    ///
    /// The image appears whole or not at all; without room for it the code is `.noSpace`.
    public func capture(
        _ instance: Instance, as request: CaptureRequest, ledger: any ResourceLedger, task: TaskID,
        events: @escaping EventHandler
    ) async throws -> CloudImage {
        let paths = try paths(of: instance)
        guard try await state(of: instance) == .stopped, findProcess(paths) == nil else {
            throw CloudError(
                .captureFailed, "The machine is not powered off: its disk may be half written and is not captured.")
        }
        let destination = FilePath(request.destination).appending(DiskCapture.finalName)
        let capture = DiskCapture(
            tools: try QEMUTools.locate(searchPath: searchPath), source: paths.overlay,
            partial: partial(of: destination, instance.build))
        try await write(capture, to: destination, build: instance.build, ledger, task, events)
        return CloudImage(
            cloud: name, reference: destination.string, digest: try digest(of: capture, at: destination),
            origin: "capture of \(request.name)")
    }

    /// Writes an image's disk into a file of the wanted format. The file appears whole or not at all.
    public func export(
        _ image: CloudImage, as format: DiskFormat, to destination: String, build: BuildID,
        ledger: any ResourceLedger, task: TaskID, events: @escaping EventHandler
    ) async throws {
        let tools = try QEMUTools.locate(searchPath: searchPath)
        let disk = try await DiskImage.inspect(FilePath(image.reference), with: tools)
        let file = FilePath(destination)
        let capture = DiskCapture(
            tools: tools, source: disk.path, sourceFormat: disk.format, format: format,
            partial: partial(of: file, build))
        try await write(capture, to: file, build: build, ledger, task, events)
    }

    /// Makes an image of a disk that another program wrote: qcow2, raw, or vmdk in one file.
    public func importImage(
        _ file: String, as request: CaptureRequest, build: BuildID, ledger: any ResourceLedger, task: TaskID,
        events: @escaping EventHandler
    ) async throws -> CloudImage {
        let tools = try QEMUTools.locate(searchPath: searchPath)
        let disk = try await DiskImage.inspect(FilePath(file), with: tools, formats: ["qcow2", "raw", "vmdk"])
        let destination = FilePath(request.destination).appending(DiskCapture.finalName)
        let capture = DiskCapture(
            tools: tools, source: disk.path, sourceFormat: disk.format, partial: partial(of: destination, build))
        try await write(capture, to: destination, build: build, ledger, task, events)
        return CloudImage(
            cloud: name, reference: destination.string, digest: try digest(of: capture, at: destination),
            origin: "import of \(disk.path.lastComponent?.string ?? file)")
    }

    /// Beside the file, so that it can be renamed; with a name that tells whose it is, so that it can be removed.
    private func partial(of file: FilePath, _ build: BuildID) -> FilePath {
        file.removingLastComponent().appending(DiskCapture.partialName(of: build))
    }

    private func digest(of capture: DiskCapture, at file: FilePath) throws -> String {
        do {
            return try capture.digest(of: file)
        } catch is CancellationError {
            throw CancellationError()
        } catch { throw CloudError(.captureFailed, "The image '\(file)' cannot be read again.", cause: error) }
    }

    private func write(
        _ capture: DiskCapture, to final: FilePath, build: BuildID, _ ledger: any ResourceLedger, _ task: TaskID,
        _ events: @escaping EventHandler
    ) async throws {
        let partial = capture.partial
        let total = try await capture.size()
        let file = try await ledger.intend(Resource(cloud: name, kind: .file, build: build, token: partial.string))
        let tool = try await ledger.intend(Resource(cloud: name, kind: .process, build: build, token: partial.string))
        do {
            try await capture.run { number in
                try await ledger.confirm(tool, reference: ProcessIdentity(of: number)?.description)
                try await ledger.confirm(file, reference: nil)
            } progress: { done in
                guard let total else { return }
                let completed = Int64((Double(total) * min(done, 1)).rounded())
                events(.taskProgress(task, completed: completed, total: total, unit: .bytes))
            }
            try AtomicFile.rename(partial, to: final)
            try await ledger.gone(tool)
            try await ledger.gone(file)
        } catch {
            // The tool has ended when it threw. What cannot be undone here stays in the ledger.
            try? FileManager.default.removeItem(atPath: partial.string)
            if (try? partial.stat()) == nil {
                try? await ledger.gone(tool)
                try? await ledger.gone(file)
            }
            throw error
        }
    }
}
