public import BaseImages
internal import Clouds
public import SystemPackage

extension QEMUDriver {
    /// Makes a driver whose bases come from a cache of images.
    public convenience init(
        directories: QEMUDirectories, images: BaseImageStore, environment: [String: String],
        accelerator: FilePath = "/dev/kvm", patience: Patience = Patience()
    ) {
        let bases: BaseProvider = { base, task, events in
            do {
                let image = try await images.prepare(base: base, task: task, events: events)
                return CloudImage(
                    cloud: "qemu", reference: image.path.string, digest: image.digest, origin: image.origin)
            } catch let error as BaseImageError {
                throw CloudError(
                    CloudError.Code(preparing: error.code), error.message, context: error.context, cause: error.cause)
            }
        }
        self.init(
            directories: directories, bases: bases, environment: environment, accelerator: accelerator,
            patience: patience)
    }
}

extension CloudError.Code {
    /// What it means to a cloud that an image could not be prepared.
    fileprivate init(preparing code: BaseImageError.Code) {
        switch code {
        case .missingPrerequisite: self = .missingPrerequisite
        case .noSpace: self = .noSpace
        default: self = .baseUnavailable
        }
    }
}
