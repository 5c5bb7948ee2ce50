/// The rules, as data. The seal (`seal.sh` of the module Capture) makes them true; what the seal removes and why stands there.
public enum AuditRules {
    /// All of them.
    public static let all: [AuditRule] =
        identity + buildTraces + cloudState + machineState + logs + caches + users + free

    /// The unit that the seal enables: it makes host keys where no cloud-init does.
    static let hostKeysUnit = "replay-host-keys.service"

    private static let identity = [
        AuditRule("machine-id", "/etc/machine-id is there and empty", .emptyFile("/etc/machine-id")),
        AuditRule(
            "dbus-machine-id", "/var/lib/dbus/machine-id is a link to /etc/machine-id",
            .linkOrAbsent("/var/lib/dbus/machine-id", target: "/etc/machine-id")),
        AuditRule("ssh-host-keys", "there are no SSH host keys", .absent(["/etc/ssh/ssh_host_*"])),
        AuditRule(
            "dropbear-host-keys", "there are no host keys of dropbear", .absent(["/etc/dropbear/dropbear_*_host_key"])),
        AuditRule(
            "host-keys-unit", "a unit makes host keys on the first boot",
            .present("/etc/systemd/system/multi-user.target.wants/\(hostKeysUnit)")),
        AuditRule("hostname", "/etc/hostname is empty", .noContent(["/etc/hostname"])),
        AuditRule("hosts", "/etc/hosts does not name the build machine", .lacks(.buildUser, in: ["/etc/hosts"])),
        AuditRule(
            "random-seed", "there is no seed of random numbers",
            .absent(["/var/lib/systemd/random-seed", "/var/lib/misc/random-seed", "/var/lib/urandom/random-seed"])),
        AuditRule(
            "loader-seed", "the boot loader has no seed of random numbers",
            .absent(["/boot/loader/random-seed", "/boot/efi/loader/random-seed", "/efi/loader/random-seed"])),
        AuditRule(
            "credential-secret", "systemd has no machine's own secret", .absent(["/var/lib/systemd/credential.secret"])),
        AuditRule(
            "azure-agent", "the agent of Azure has no state", .absent(["/var/lib/waagent/*"])),
    ]

    private static let buildTraces = [
        AuditRule("build-user", "the build user is not in /etc/passwd", .users(.noBuildUser)),
        AuditRule(
            "build-user-shadow", "the build user is not in the other tables of users",
            .lacks(.buildUser, in: ["/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid"])),
        AuditRule(
            "build-user-backups", "the build user is not in the tables' previous versions",
            .lacks(
                .buildUser,
                in: [
                    "/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-",
                    "/var/backups/*",
                ])),
        AuditRule(
            "build-user-sudo", "no rule of sudo names the build user",
            .lacks(.buildUser, in: ["/etc/sudoers", "/etc/sudoers.d/*"])),
        AuditRule(
            "build-user-home", "the build user's home is gone", .absent(["/var/lib/{user}", "/home/{user}"])),
        AuditRule(
            "build-user-crumbs", "the build user has no mail, no crontab and does not linger",
            .absent([
                "/var/mail/{user}", "/var/spool/mail/{user}", "/var/spool/cron/{user}",
                "/var/spool/cron/crontabs/{user}",
                "/var/lib/systemd/linger/{user}",
            ])),
        AuditRule("build-user-files", "no file belongs to the build user's number", .ownerless),
        AuditRule(
            "build-key", "the build's key admits nobody",
            .lacks(.buildKey, in: ["{home}/.ssh/*", "/etc/ssh/authorized_keys*", "/etc/ssh/authorized_keys*/**"])),
        AuditRule(
            "supervisor", "the supervisor and its state are gone", .absent(["{state}", "/var/lib/replay-build*"])),
        AuditRule(
            "policy-rc", "the lock on packages' services is gone",
            .lacks(.text("installed by replay"), in: ["/usr/sbin/policy-rc.d"])),
        AuditRule(
            "policy-rc-backup", "the base's own policy-rc.d is back in its place",
            .absent(["/usr/sbin/policy-rc.d.before-replay"])),
        AuditRule("run", "/run, which is memory, has no files below it", .noContent(["/run/**"])),
    ]

    private static let cloudState = [
        AuditRule("cloud-state", "cloud-init has no state", .absent(["/var/lib/cloud/*"])),
        AuditRule("cloud-logs", "cloud-init has no logs", .absent(["/var/log/cloud-init*"])),
        AuditRule("cloud-netplan", "cloud-init's netplan is gone", .absent(["/etc/netplan/50-cloud-init.yaml"])),
        AuditRule(
            "cloud-interfaces", "cloud-init's network interfaces are gone",
            .absent(["/etc/network/interfaces.d/50-cloud-init*"])),
        AuditRule(
            "cloud-networkd", "cloud-init's units of networkd are gone",
            .absent(["/etc/systemd/network/10-cloud-init-*"])),
        AuditRule(
            "cloud-networkmanager", "cloud-init's connections are gone",
            .absent(["/etc/NetworkManager/system-connections/cloud-init-*"])),
    ]

    private static let machineState = [
        AuditRule(
            "dhcp-leases", "there are no leases of DHCP clients",
            .absent(["/var/lib/dhcp/*", "/var/lib/dhclient/*", "/var/lib/dhcpcd/*.lease*", "/var/lib/dhcpcd5/*.lease*"])
        ),
        AuditRule("networkd-state", "networkd has no leases", .absent(["/var/lib/systemd/network/*"])),
        AuditRule("networkmanager-state", "NetworkManager has no state", .absent(["/var/lib/NetworkManager/*"])),
        AuditRule(
            "udev-net-rules", "no udev rule names this machine's network cards",
            .absent([
                "/etc/udev/rules.d/70-persistent-net.rules", "/etc/udev/rules.d/75-persistent-net-generator.rules",
            ])),
        AuditRule(
            "network-hwaddr", "no network script names a card's address",
            .lacks(.text("HWADDR="), in: ["/etc/sysconfig/network-scripts/ifcfg-*"])),
        AuditRule(
            "swap", "there is no swap file", .absent(["/swapfile", "/swap.img", "/var/swap", "/var/swapfile"]),
            severity: .report),
        AuditRule(
            "crash-dumps", "there are no crash dumps",
            .absent(["/var/crash/*", "/var/lib/systemd/coredump/*", "/var/lib/systemd/pstore/*"])),
        AuditRule(
            "core-files", "there are no core files", .absent(["/core", "/core.*", "{home}/core", "{home}/core.*"])),
        AuditRule(
            "kerberos", "there is no Kerberos identity", .absent(["/etc/krb5.keytab", "/var/lib/sss/db/*"])),
        AuditRule(
            "ipa", "the machine is enrolled nowhere",
            .absent(["/var/lib/ipa-client/sysrestore/*", "/etc/ipa/default.conf"])),
        AuditRule(
            "subscription", "there is no subscription",
            .absent([
                "/etc/pki/consumer/*", "/etc/pki/entitlement/*", "/etc/sysconfig/rhn/systemid", "/var/lib/rhsm/*",
            ])),
        AuditRule(
            "sudo-stamps", "nobody is remembered by sudo", .absent(["/var/lib/sudo/ts/*", "/var/lib/sudo/lectured/*"])),
        AuditRule("at-jobs", "no job of at waits", .absent(["/var/spool/at/a*", "/var/spool/cron/atjobs/a*"])),
        AuditRule("mail", "there is no mail", .noContent(["/var/mail/*", "/var/spool/mail/*"])),
        AuditRule(
            "mail-queues", "no mail waits",
            .noContent([
                "/var/spool/postfix/active/**", "/var/spool/postfix/deferred/**", "/var/spool/postfix/incoming/**",
                "/var/spool/postfix/maildrop/**", "/var/spool/exim4/input/**", "/var/spool/exim4/msglog/**",
            ])),
    ]

    private static let logs = [
        AuditRule("journal", "the journal is empty", .noContent(["/var/log/journal/**"])),
        AuditRule("logs", "there are no logs", .noContent(["/var/log/**"])),
        AuditRule(
            "logins", "nobody is remembered to have logged in",
            .noContent(["/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog"])),
        AuditRule(
            "accounting", "there is no process accounting", .noContent(["/var/account/**", "/var/log/account/**"])),
        AuditRule(
            "histories", "there are no histories",
            .absent([
                "{home}/.*_history", "{home}/.lesshst", "{home}/.viminfo", "{home}/.wget-hsts",
                "{home}/.sudo_as_admin_successful", "{home}/.local/share/*/history",
            ])),
        AuditRule("tmp", "the temporary directories are empty", .absent(["/tmp/*", "/var/tmp/*"])),
    ]

    private static let caches = [
        AuditRule(
            "apt-lists", "there are no package lists", .noCaches(["/var/lib/apt/lists/**", "/var/cache/apt/*.bin"])),
        AuditRule(
            "apt-archives", "there are no downloaded packages",
            .noCaches(["/var/cache/apt/archives/*.deb", "/var/cache/apt/archives/partial/*"])),
        AuditRule(
            "rpm-caches", "the caches of dnf, yum and zypper are empty",
            .noCaches(["/var/cache/dnf/**", "/var/cache/yum/**", "/var/cache/zypp/**"])),
    ]

    private static let users = [
        AuditRule("one-root", "only root has the user number 0", .users(.oneRoot)),
        AuditRule("user-names", "no user's name is taken twice", .users(.uniqueNames)),
        AuditRule("user-tables", "passwd and shadow have the same users", .users(.matchingTables)),
        AuditRule("empty-passwords", "nobody logs in without a password", .users(.noEmptyPasswords)),
        AuditRule("passwords", "nobody has a password that all copies share", .users(.noPasswords), severity: .report),
        AuditRule(
            "private-keys", "no home has a private key for SSH",
            .lacks(.text("PRIVATE KEY-----"), in: ["{home}/.ssh/*"])),
        AuditRule(
            "shadow-permissions", "not everybody can read the passwords",
            .permissions(0o007, ["/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-"])),
        AuditRule(
            "table-permissions", "not everybody can write the tables of users and of sudo",
            .permissions(0o022, ["/etc/passwd", "/etc/group", "/etc/sudoers", "/etc/sudoers.d/*"])),
        AuditRule(
            "ssh-empty-passwords", "the SSH server asks for passwords that are not empty",
            .lacks(.text("\nPermitEmptyPasswords yes"), in: ["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"])),
        AuditRule("enabled-units", "the enabled units are those of the build's end", .enabledUnits),
    ]

    private static let free = [
        AuditRule("secret-residue", "no secret is anywhere on the disk, free space included", .residue(.secrets)),
        AuditRule(
            "host-key-residue", "the build machine's host key is nowhere on the disk, free space included",
            .residue(.hostKey), severity: .report),
        AuditRule(
            "build-key-residue", "the build's public key is nowhere on the disk, free space included",
            .residue(.buildKey), severity: .report),
    ]
}
