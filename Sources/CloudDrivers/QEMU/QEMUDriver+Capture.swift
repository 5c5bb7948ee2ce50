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
        let tools = try QEMUTools.locate(searchPath: searchPath)
        let destination = FilePath(request.destination)
        let partial = destination.appending(DiskCapture.partialName(of: instance.build))
        let capture = DiskCapture(tools: tools, overlay: paths.overlay, partial: partial)
        let total = try await capture.size()

        let file = try await ledger.intend(
            Resource(cloud: name, kind: .file, build: instance.build, token: partial.string))
        let tool = try await ledger.intend(
            Resource(cloud: name, kind: .process, build: instance.build, token: partial.string))
        do {
            let digest = try await capture.run { number in
                try await ledger.confirm(tool, reference: ProcessIdentity(of: number)?.description)
                try await ledger.confirm(file, reference: nil)
            } progress: { done in
                guard let total else { return }
                let completed = Int64((Double(total) * min(done, 1)).rounded())
                events(.taskProgress(task, completed: completed, total: total, unit: .bytes))
            }
            let final = destination.appending(DiskCapture.finalName)
            try AtomicFile.rename(partial, to: final)
            try await ledger.gone(tool)
            try await ledger.gone(file)
            return CloudImage(
                cloud: name, reference: final.string, digest: digest, origin: "capture of \(request.name)")
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
