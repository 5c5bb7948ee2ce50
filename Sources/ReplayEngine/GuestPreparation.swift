import GuestSupervisor

/// What a machine needs before the first step, and what takes it back before the machine is sealed.
public enum GuestPreparation {
    /// The steps before the first one, in order. None fails the build but the last, when apt's locks stay held.
    static let steps: [(id: String, label: String, script: String)] = [
        ("prepare-boot", "wait for the machine's first boot to finish", boot),
        ("prepare-services", "keep services and timers of packages quiet", services),
        ("prepare-apt", "wait for apt", apt),
    ]

    /// A script that takes back what the preparation did, to be run by root before the machine is sealed.
    public static var restoreScript: String {
        """
        \(path)
        for file in /usr/sbin/policy-rc.d; do
            if [ -f "$file" ] && grep -q '\(marker)' "$file"; then rm -f -- "$file"; fi
        done
        [ ! -e /usr/sbin/policy-rc.d.before-replay ] || mv -f /usr/sbin/policy-rc.d.before-replay /usr/sbin/policy-rc.d
        rm -rf /run/systemd/system/apt-daily.timer.d /run/systemd/system/apt-daily-upgrade.timer.d

        """
    }

    /// In the file that is installed, so that it is known again.
    static let marker = "installed by replay for the time of the build"

    private static let path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"

    /// `cloud-init status --wait` can end in an error for modules that do not matter here: it is told, not obeyed.
    private static let boot = """
        \(path)
        if command -v cloud-init >/dev/null && [ -d /run/cloud-init ]; then
            cloud-init status --wait >/dev/null 2>&1 || echo "cloud-init: $(cloud-init status 2>&1 | head -n 1)"
        fi
        # A crash of the machine must find it with its host key and our login, so that it can be named.
        sync
        exit 0

        """

    /// policy-rc.d with 101 is what Debian's container images have: packages' services stay enabled but do not start
    /// (invoke-rc.d(8)). A stopped timer stays stopped for this boot; the drop-in in /run keeps a reload from starting it.
    private static let services = """
        \(path)
        if [ -d /usr/sbin ] && ! grep -qs '\(marker)' /usr/sbin/policy-rc.d; then
            [ ! -e /usr/sbin/policy-rc.d ] || mv -f /usr/sbin/policy-rc.d /usr/sbin/policy-rc.d.before-replay
            printf '%s\\n' '#!/bin/sh' '# \(marker)' 'exit 101' >/usr/sbin/policy-rc.d
            chmod 755 /usr/sbin/policy-rc.d
        fi
        if [ -d /run/systemd/system ]; then
            for timer in apt-daily.timer apt-daily-upgrade.timer; do
                systemctl cat "$timer" >/dev/null 2>&1 || continue
                mkdir -p "/run/systemd/system/$timer.d"
                printf '[Unit]\\nConditionPathExists=/nonexistent\\n' >"/run/systemd/system/$timer.d/replay.conf"
                timers="${timers-} $timer"
            done
            if [ -n "${timers-}" ]; then
                systemctl daemon-reload
                systemctl stop $timers apt-daily.service apt-daily-upgrade.service unattended-upgrades.service 2>/dev/null
            fi
        fi
        exit 0

        """

    /// Whoever runs apt or dpkg now is waited for, ten minutes at most. fcntl locks cannot be asked from sh; the
    /// processes that hold them can be seen in /proc/locks by the inode.
    private static let apt = """
        \(path)
        held() {
            for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
                [ -e "$lock" ] || continue
                grep -q ":$(stat -c %i "$lock") " /proc/locks && return 0
            done
            return 1
        }
        tries=0
        while held; do
            [ "$tries" != 0 ] || echo "waiting for $lock"
            tries=$((tries + 1))
            if [ "$tries" -gt 1200 ]; then
                echo "replay: $lock is held by another program for ten minutes" >&2
                exit 1
            fi
            sleep 0.5
        done

        """
}
