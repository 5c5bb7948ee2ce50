/// What is needed to make a machine.
public struct InstanceSpec: Sendable {
    /// The build, or boot, that the machine is for.
    public var build: BuildID
    /// Number of virtual processors.
    public var cpus: Int
    /// Memory in MiB.
    public var memoryMiB: Int
    /// Size of the root disk in GiB; nil keeps the image's own size.
    public var diskGiB: Int?
    /// What cloud-init reads on the first boot.
    public var seed: GuestSeed
    /// Ports of this machine that lead into the guest, besides the driver's own way to SSH. Local drivers only.
    public var forwards: [PortForward]
    /// Raw disk images, files of this machine, that the guest gets as further disks and cannot write to. Local drivers only.
    public var attachedDisks: [String] = []

    /// The guest's name for one of the attached disks, by udev's rule 60-persistent-storage.
    public static func device(ofAttachedDisk index: Int) -> String { "/dev/disk/by-id/virtio-attached\(index)" }

    /// Makes a specification; the rest is set by name.
    public init(
        build: BuildID, cpus: Int, memoryMiB: Int, diskGiB: Int?, seed: GuestSeed, forwards: [PortForward] = []
    ) {
        self.build = build
        self.cpus = cpus
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
        self.seed = seed
        self.forwards = forwards
    }
}

/// The texts that cloud-init's datasource hands to the guest. `userData` holds private keys: it is written to files
/// of mode 0600 only and never shown.
public struct GuestSeed: Sendable {
    /// `#cloud-config` text.
    public var userData: String
    /// Instance id and host name, as YAML.
    public var metaData: String

    /// Makes a seed.
    public init(userData: String, metaData: String) {
        self.userData = userData
        self.metaData = metaData
    }
}

/// A TCP port of this machine that leads to one of the guest.
public struct PortForward: Sendable, Hashable {
    /// The address to listen on, `127.0.0.1` unless asked otherwise.
    public var hostAddress: String
    /// The port to listen on; 0 lets the driver choose a free one.
    public var hostPort: Int
    /// The guest's port.
    public var guestPort: Int

    /// Makes a forward.
    public init(hostAddress: String = "127.0.0.1", hostPort: Int, guestPort: Int) {
        self.hostAddress = hostAddress
        self.hostPort = hostPort
        self.guestPort = guestPort
    }
}

/// A disk image that a cloud can start machines from.
public struct CloudImage: Sendable, Hashable, Codable {
    /// The driver's name.
    public var cloud: String
    /// The cloud's identifier: a path for local drivers.
    public var reference: String
    /// Digest of the image's bytes, `sha256:…`, where the cloud lets us know them.
    public var digest: String?
    /// Where it came from, for people and for `template.json`: a URL, a recipe.
    public var origin: String

    /// Makes a value.
    public init(cloud: String, reference: String, digest: String?, origin: String) {
        self.cloud = cloud
        self.reference = reference
        self.digest = digest
        self.origin = origin
    }
}

/// What a machine is started from.
public enum LaunchSource: Sendable, Hashable {
    /// A base image or a template's image: the guest boots.
    case image(CloudImage)
    /// A saved state of an earlier machine; what it names is the driver's own.
    case checkpoint(reference: String)
}

/// A machine.
public struct Instance: Sendable, Hashable {
    /// The build it belongs to.
    public var build: BuildID
    /// The cloud's identifier.
    public var reference: String
    /// Whether the guest went through a boot or was resumed from memory.
    public var start: Start

    /// How a machine came to life.
    public enum Start: Sendable, Hashable {
        /// It boots: cloud-init runs.
        case booted
        /// Its memory was restored: nothing runs anew.
        case resumed
    }

    /// Makes a value.
    public init(build: BuildID, reference: String, start: Start) {
        self.build = build
        self.reference = reference
        self.start = start
    }
}

/// What a machine is doing.
public enum InstanceState: Sendable, Hashable {
    /// On its way up.
    case starting
    /// Running.
    case running
    /// Powered off by the guest itself or at our request.
    case stopped
    /// Ended in a way that nobody asked for; the text says what is known.
    case failed(String)
    /// It does not exist.
    case absent
}

/// Where a guest's SSH server may be reached.
public struct GuestAddress: Sendable, Hashable {
    /// A name or a numeric address.
    public var host: String
    /// The TCP port.
    public var port: Int

    /// Makes an address.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
