# The last minute of a build machine: takes away everything that belongs to this one machine or to its making, then powers off.
#
# Runs as root, detached from every connection: in its course the build user, its key and its session go, so nobody can log in
# to see how it ended. What it has to say goes to the console. The words `replay-seal: sealed NONCE` there, followed by the
# machine stopping by itself, are the success; anything else is a failure.
#
# The lines before this text set: NONCE, BUILD_USER, BUILD_KEY (the base64 word of its public key), STATE_DIR (the
# supervisor's), SELF (this file's directory, in memory), KEEP_APT (1 keeps package lists and caches).

set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

say() { printf 'replay-seal: %s\n' "$*" >/dev/console 2>/dev/null || :; }

step=start
finish() {
    status=$?
    trap - EXIT
    if [ "$status" -ne 0 ]; then say "failed $NONCE $step"; fi
    rm -rf -- "$SELF"
    systemctl poweroff --no-block
}
trap finish EXIT

# `must COMMAND…`: a failure ends the seal. Everything else that fails is a thing that was not there.
must() { "$@" || exit 1; }
quietly() { "$@" >/dev/null 2>&1 || :; }
has() { command -v "$1" >/dev/null 2>&1; }

step='quieten the machine'
quietly systemctl stop apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service \
    unattended-upgrades.service man-db.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    systemd-tmpfiles-clean.timer logrotate.timer
quietly systemctl stop rsyslog.service syslog.socket
# From here on the journal is kept nowhere: /run is memory, so this setting goes with the machine.
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nStorage=none\nForwardToSyslog=no\n' >/run/systemd/journald.conf.d/replay-seal.conf
quietly systemctl restart systemd-journald.service

step='remove the supervisor'
# Whoever started this script ends the supervisor in the proper way now; it gets ten seconds for that.
tries=0
while [ -d "$STATE_DIR" ] && [ "$tries" -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
if [ -d "$STATE_DIR" ]; then
    quietly systemctl stop "${STATE_DIR##*/}.service"
    must rm -rf -- "$STATE_DIR"
fi

step='remove the build user'
if id "$BUILD_USER" >/dev/null 2>&1; then
    uid=$(id -u "$BUILD_USER")
    quietly systemctl stop "user@$uid.service" "user-$uid.slice"
    # Its sshd processes end here, and with them the connection that started this script.
    for _ in 1 2 3 4 5; do
        quietly pkill -KILL -u "$uid"
        pgrep -u "$uid" >/dev/null 2>&1 || break
        sleep 0.2
    done
    quietly userdel --force --remove "$BUILD_USER"
    if id "$BUILD_USER" >/dev/null 2>&1; then exit 1; fi
fi
quietly groupdel "$BUILD_USER"
# The tools keep the previous version of each file beside it, and that one knows the user.
for name in passwd shadow group gshadow subuid subgid; do
    [ -f "/etc/$name-" ] && cp -p "/etc/$name" "/etc/$name-"
done
for file in /etc/sudoers.d/*; do
    [ -f "$file" ] || continue
    grep -q "^${BUILD_USER}[[:space:]]" "$file" || continue
    sed -i "/^${BUILD_USER}[[:space:]]/d" "$file"
    grep -q '^[^#]' "$file" || rm -f -- "$file"
done

step='remove the build key'
# cloud-init also gives root a line with the key, if only to refuse it. Keys that the Dockerfile put there stay.
cut -d: -f6 /etc/passwd | sort -u | while read -r home; do
    file=$home/.ssh/authorized_keys
    [ -f "$file" ] || continue
    if grep -qF "$BUILD_KEY" "$file"; then
        grep -vF "$BUILD_KEY" "$file" >"$SELF/keys" || :
        cat "$SELF/keys" >"$file"
        if [ ! -s "$file" ]; then
            rm -f -- "$file"
            quietly rmdir "$home/.ssh"
        fi
    fi
done

step='remove the host keys'
must rm -f -- /etc/ssh/ssh_host_*
# cloud-init makes new ones where it runs; this unit does where no datasource wakes it.
cat >/etc/systemd/system/replay-host-keys.service <<'UNIT'
[Unit]
Description=Make SSH host keys on the first boot of a copy of a template
Documentation=man:ssh-keygen(1)
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
After=cloud-init.service
Before=ssh.service sshd.service

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
UNIT
must systemctl --quiet enable replay-host-keys.service

step='remove the state of cloud-init'
must rm -rf /var/lib/cloud
rm -f /var/log/cloud-init.log* /var/log/cloud-init-output.log* /etc/netplan/50-cloud-init.yaml \
    /etc/network/interfaces.d/50-cloud-init* /etc/systemd/network/10-cloud-init-* /etc/NetworkManager/system-connections/cloud-init-*

step='remove leases, seeds and names'
for file in /etc/udev/rules.d/70-persistent-net.rules /etc/udev/rules.d/75-persistent-net-generator.rules; do rm -f "$file"; done
# What a client or a service writes on its way down lands in memory instead.
for directory in /var/lib/dhcp /var/lib/dhclient /var/lib/NetworkManager; do
    [ -d "$directory" ] || continue
    find "$directory" -mindepth 1 -delete
    quietly mount -t tmpfs -o mode=755 tmpfs "$directory"
done
quietly systemctl stop systemd-random-seed.service
rm -f /var/lib/systemd/random-seed /var/lib/misc/random-seed /boot/efi/loader/random-seed
read -r host </proc/sys/kernel/hostname
sed -i "/^127\.0\.1\.1[[:space:]].*$host/d" /etc/hosts
: >/etc/hostname
# An empty file, not a missing one: a missing one is a first boot to systemd, which resets what is enabled and may ask.
must cp /dev/null /etc/machine-id
if [ -e /var/lib/dbus ]; then
    must ln -sf /etc/machine-id /var/lib/dbus/machine-id
fi

step='remove caches, crumbs and histories'
if [ "$KEEP_APT" != 1 ]; then
    has apt-get && quietly apt-get clean
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
    rm -rf /var/cache/dnf/* /var/cache/yum/*
fi
rm -rf /var/crash/* /var/lib/systemd/coredump/* /var/mail/"$BUILD_USER" /var/spool/mail/"$BUILD_USER"
for home in /root /home/*; do
    rm -f "$home"/.bash_history "$home"/.ash_history "$home"/.python_history "$home"/.lesshst "$home"/.viminfo \
        "$home"/.wget-hsts "$home"/.sudo_as_admin_successful
done
for directory in /tmp /var/tmp; do
    find "$directory" -xdev -mindepth 1 -delete 2>/dev/null || :
done

step='remove logs'
quietly systemctl stop systemd-update-utmp.service
find /var/log -xdev -type f -delete
[ -d /var/log/journal ] && find /var/log/journal -mindepth 1 -delete
quietly mount -t tmpfs -o mode=755 tmpfs /var/log

step='write everything to the disk'
sync
quietly fstrim --all
sync
say "sealed $NONCE"
