internal import Clouds

/// A fault of the server: the name of its type and what it says.
struct VimFault: Error, Sendable, Hashable {
    /// The name of the type: `NoPermission`.
    var name: String
    /// The server's own sentence.
    var message: String
    /// The fault's fields.
    var detail: Element
}

/// Makes errors for people.
enum VSphereError {
    static func protocolViolation(_ what: String) -> CloudError {
        CloudError(.launchFailed, "The server does not answer as a vCenter does: \(what).")
    }

    /// The error for a fault.
    /// - Parameters:
    ///   - action: What was to be done: `clone the template 'debian-12'`.
    ///   - names: Names of objects, for faults that have only references.
    static func explained(_ fault: VimFault, to action: String, names: [ManagedObject: String] = [:]) -> CloudError {
        let (code, reason) = reason(of: fault, names)
        return CloudError(
            code, "Cannot \(action): \(reason)", context: ["The server says: \(fault.name): \(fault.message)"])
    }

    private static func reason(_ text: String, _ code: CloudError.Code = .launchFailed) -> (CloudError.Code, String) {
        (code, text)
    }

    private static func reason(of fault: VimFault, _ names: [ManagedObject: String]) -> (CloudError.Code, String) {
        let detail = fault.detail
        switch fault.name {
        case "InvalidLogin":
            return reason(
                "user name or password are wrong. They come from GOVC_USERNAME and GOVC_PASSWORD, VSPHERE_USER and VSPHERE_PASSWORD, or clouds.yaml.",
                .missingPrerequisite)
        case "NoPermission":
            let object = detail["object"]?.object
            let name = object.flatMap { names[$0].map { "'\($0)'" } } ?? "an object"
            return reason(
                "the account lacks the privilege \(detail["privilegeId"]?.text ?? "that is needed") on \(name). 'replay doctor --cloud vsphere' lists all that are needed.",
                .missingPrerequisite)
        case "NoDiskSpace":
            return reason(
                "the datastore '\(detail["datastore"]?.text ?? "")' is full. Make room there, or choose another one with --datastore.",
                .noSpace)
        case "InsufficientStorageSpace":
            return reason(
                "there is not enough room on the datastore. Make room there, or choose another one with --datastore.",
                .noSpace)
        case "InvalidState", "InvalidHostState", "HostNotConnected", "HostInMaintenanceMode":
            return reason(
                "the host is in maintenance mode or not connected, or the object is not in a state for it. Choose another one with --host or --cluster, or wait."
            )
        case "InvalidPowerState":
            return reason(
                "the machine is \(detail["existingState"]?.text ?? "not in the needed power state"). A template must be powered off."
            )
        case "DuplicateName":
            return reason("there is something named '\(detail["name"]?.text ?? "")' already.")
        case "FileNotFound", "FileLocked", "FileFault", "CannotAccessFile":
            return reason("the file '\(detail["file"]?.text ?? "")' of the machine is missing or locked.")
        case "ToolsUnavailable", "ToolsUnavailableFault":
            return reason("the guest does not run VMware Tools: install open-vm-tools in the base template.")
        case "ManagedObjectNotFound":
            return reason("the object does not exist any more.", .notFound)
        case "TaskInProgress": return reason("another task is at work on it. Try again when it has ended.")
        case "InsufficientResourcesFault", "InsufficientMemoryResourcesFault", "InsufficientCpuResourcesFault":
            return reason(
                "the cluster or host has not enough free memory or processors: give less with --memory and --cpus.")
        case "NotSupported": return reason("this server does not support it.", .unsupported)
        case "RequestCanceled": return reason("somebody cancelled the task.")
        default: return reason(fault.message.isEmpty ? fault.name : fault.message)
        }
    }
}
