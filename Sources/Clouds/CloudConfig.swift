internal import FoundationEssentials

/// Renders what cloud-init reads on a guest's first boot.
///
/// The documents are JSON, which is YAML (<https://yaml.org/spec/1.2.2/#yaml-12>): keys and names need no quoting rules.
/// Module reference: <https://cloudinit.readthedocs.io/en/latest/reference/modules.html>.
public enum CloudConfig {
    /// The seed for a machine on which a build runs: an ephemeral user with sudo, the pinned host key, the root file
    /// system grown, and nothing else that takes time.
    public static func build(_ build: BuildID, access: GuestAccess) -> GuestSeed {
        var config = common(access)
        config["users"] = [
            [
                "name": .text(access.user),
                "uid": .number(GuestAccess.buildUserIdentifier),
                "gecos": "replay",
                // Not under /home: a RUN that looks there sees what the base has.
                "homedir": .text("/var/lib/\(access.user)"),
                // Its primary group is "users": one of its own would take the number of the first that a RUN makes.
                "no_user_group": true,
                "shell": "/bin/sh",
                "lock_passwd": true,
                "sudo": "ALL=(ALL) NOPASSWD:ALL",
                "ssh_authorized_keys": .list(access.userPublicKeys.map(ConfigValue.text)),
            ]
        ]
        config["disable_root"] = true
        config["growpart"] = ["mode": "auto", "devices": ["/"], "ignore_growroot_disabled": true]
        config["resize_rootfs"] = true
        // Only what the lines above need: each further module is Python that an emulated guest imports.
        config["cloud_init_modules"] = [
            "seed_random", "growpart", "resizefs", "set_hostname", "update_etc_hosts", "users-groups", "ssh",
        ]
        config["cloud_config_modules"] = []
        config["cloud_final_modules"] = []
        return seed(build, hostName: "replay-build", config)
    }

    /// The seed for a boot of a template: root is admitted by the given keys, and what else cloud-init does is left to
    /// the template's own configuration.
    public static func template(_ boot: BuildID, access: GuestAccess, hostName: String) -> GuestSeed {
        var config = common(access)
        config["users"] = rootOnly(access)
        config["disable_root"] = false
        return seed(boot, hostName: hostName, config)
    }

    /// The seed for a boot that shows whether a template's copies are machines of their own: root is admitted by the given
    /// keys, and the host keys are the copy's own. They are told on the console, which nobody but the cloud can write to.
    public static func verification(_ boot: BuildID, access: GuestAccess, hostName: String) -> GuestSeed {
        var config = common(access)
        config["users"] = rootOnly(access)
        config["disable_root"] = false
        config["ssh_keys"] = nil
        config["no_ssh_fingerprints"] = false
        config["ssh"] = ["emit_keys_to_console": true]
        // Not every image's own list has it.
        config["cloud_config_modules"] = ["keys-to-console"]
        return seed(boot, hostName: hostName, config)
    }

    private static func rootOnly(_ access: GuestAccess) -> ConfigValue {
        [
            [
                "name": "root",
                // The template's own root password, if it has one, stays as it is.
                "lock_passwd": false,
                "ssh_authorized_keys": .list(access.userPublicKeys.map(ConfigValue.text)),
            ]
        ]
    }

    private static func common(_ access: GuestAccess) -> [String: ConfigValue] {
        [
            // Nothing is said of "ssh_pwauth": it would restart the SSH server when we are already connecting, and no user
            // has a password.
            "ssh_deletekeys": true,
            "ssh_genkeytypes": ["ed25519"],
            "ssh_keys": [
                "ed25519_private": .text(access.hostPrivateKey), "ed25519_public": .text(access.hostPublicKey),
            ],
            "ssh": ["emit_keys_to_console": false],
            "no_ssh_fingerprints": true,
            // Puts "127.0.1.1 NAME" into /etc/hosts and leaves its other lines alone: sudo looks its host up.
            "manage_etc_hosts": "localhost",
            // The image's own package sources are right; cloud-init would write its template's over them.
            "apt": ["preserve_sources_list": true],
            "package_update": false,
            "package_upgrade": false,
        ]
    }

    private static func seed(_ build: BuildID, hostName: String, _ config: [String: ConfigValue]) -> GuestSeed {
        GuestSeed(
            userData: "#cloud-config\n" + ConfigValue.map(config).rendered,
            metaData: ConfigValue.map([
                "instance-id": .text("replay-\(build)"), "local-hostname": .text(hostName),
            ]).rendered)
    }
}

/// A value of a document.
private indirect enum ConfigValue: Encodable, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([ConfigValue])
    case map([String: ConfigValue])

    init(stringLiteral value: String) { self = .text(value) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
    init(arrayLiteral elements: ConfigValue...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, ConfigValue)...) {
        self = .map(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .map(let values): try container.encode(values)
        }
    }

    /// The document, its keys in order.
    var rendered: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(self) else {
            preconditionFailure("texts, numbers, flags, lists and maps can always be encoded")
        }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }
}
