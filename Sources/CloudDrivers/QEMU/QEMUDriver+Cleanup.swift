public import Clouds
internal import Foundation
internal import SystemCalls
internal import SystemPackage

extension QEMUDriver {
    /// Destroys a process, a file or a directory of ours, whether or not it still exists.
    ///
    /// A process is killed only if its number *and* start time are the noted ones, or if it was never noted and its
    /// arguments have the entry's token; files and directories only below our own directories, or with the name of an
    /// unfinished image of that build.
    public func destroy(_ resource: Resource) async throws {
        guard resource.cloud == name else {
            throw CloudError(.unsupported, "The cloud 'qemu' does not destroy what belongs to '\(resource.cloud)'.")
        }
        let paths = MachinePaths(resource.build, in: directories)
        switch resource.kind {
        case .process where resource.token == paths.word: try await end(paths)
        case .process: try await endTool(resource)
        case .directory: try await remove(resource) { self.directories.own($0) }
        case .file:
            try await remove(resource) {
                self.directories.own($0)
                    || $0.lastComponent?.string == DiskCapture.partialName(of: resource.build)
            }
        default: throw CloudError(.unsupported, "The cloud 'qemu' has no \(resource.kind.rawValue).")
        }
    }

    /// The machines' directories, sockets and processes, of this and any other `replay` with the same directories.
    public func inventory() async throws -> [Resource] {
        var found: [Resource] = []
        func names(_ directory: FilePath) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: directory.string)) ?? []).sorted()
        }
        for process in ProcessTable.all() {
            guard let word = process.arguments.first(where: { $0.hasPrefix("replay-") }),
                let build = BuildID(String(word.dropFirst("replay-".count))),
                process.isMachine(MachinePaths(build, in: directories))
            else { continue }
            found.append(
                Resource(cloud: name, kind: .process, build: build, token: word, reference: process.description))
        }
        for socket in names(directories.runtime) where socket.hasSuffix(".qmp") {
            guard let build = BuildID(String(socket.dropLast(".qmp".count))) else { continue }
            let token = directories.runtime.appending(socket).string
            found.append(Resource(cloud: name, kind: .file, build: build, token: token))
        }
        for directory in names(directories.machines) {
            guard let build = BuildID(directory) else { continue }
            let token = directories.machines.appending(directory).string
            found.append(Resource(cloud: name, kind: .directory, build: build, token: token))
        }
        return found
    }

    /// Ends a tool that writes the file which the token names.
    private func endTool(_ resource: Resource) async throws {
        for process in ProcessTable.processes(withArgument: resource.token) {
            guard let program = process.arguments.first.map({ FilePath($0) })?.lastComponent?.string,
                program.hasPrefix("qemu-") || process.description == resource.reference
            else { continue }
            try await kill(process)
        }
    }

    private func remove(_ resource: Resource, if own: (FilePath) -> Bool) async throws {
        let path = FilePath(resource.token)
        guard path.isAbsolute, own(path) else {
            throw CloudError(
                .unsupported, "'\(path)' is not below the driver's directories: it is not removed. Remove it yourself.")
        }
        if let machine = machine(of: resource.build), path == MachinePaths(resource.build, in: directories).directory {
            // Whoever destroys out of order must not pull the disk from under a machine.
            guard !machine.process.isRunning else {
                throw CloudError(
                    .launchFailed, "The machine '\(resource.build)' still runs; destroy its process first.")
            }
            _ = await machine.end.value
            forget(resource.build)
        }
        for attempt in 1... {
            do {
                return try FileManager.default.removeItem(atPath: path.string)
            } catch let error as CocoaError where error.code == .fileNoSuchFile {
                return
            } catch {
                // Another replay may just be noting the end of its machine there.
                guard attempt < 5 else {
                    throw CloudError(.launchFailed, "'\(path)' cannot be removed.", cause: error)
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
