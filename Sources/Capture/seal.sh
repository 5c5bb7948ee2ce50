# The last minute of a build machine: takes away everything that belongs to this one machine or to its making, then powers off.
#
# Runs as root, detached from every connection: in its course the build user, its key and its session go, so nobody can log in
# to see how it ended. What it has to say goes to the console. The words `replay-seal: sealed NONCE` there, followed by the
# machine stopping by itself, are the success; anything else is a failure.
#
# The lines before this text set: NONCE, BUILD_USER, BUILD_KEY (the base64 word of its public key), STATE_DIR (the
# supervisor's), SELF (this file's directory, in memory), KEEP_APT (1 keeps package lists and caches).
#
# The line of the policy: what a machine knows about itself, and what the build left, goes; what the Dockerfile put there stays,
# also where it looks alike (its keys in authorized_keys, its crontabs, its network profiles). Each step says what that
# means for its own things. The audit (module TemplateAudit) then holds the disk itself against the same list.
#
# The order is that of the dependencies: quiet first, so that nothing writes anew; then what stands for itself; then the
# machine-id, the build user and its keys, whose going ends sessions that write logs; therefore logs go last.
# Not touched: UUIDs of file systems and LVM (changing them can keep a copy from booting).

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
# `each_home COMMAND…`: runs the command with each user's home as its last argument.
each_home() {
    cut -d: -f6 /etc/passwd | sort -u | while read -r home; do
        case $home in /?*) [ -d "$home" ] && "$@" "$home" ;; esac
    done
}

step='quieten the machine'
# Timers stay enabled: they are stopped for the rest of this boot only. What apt and dpkg do now is waited for, five minutes
# at most, as a package that is half configured is not to be kept. fcntl locks cannot be asked from sh: /proc/locks
# has them by inode.
quietly systemctl stop apt-daily.service apt-daily-upgrade.service unattended-upgrades.service cron.service crond.service \
    atd.service anacron.service
systemctl list-units --type=timer --state=active --plain --no-legend 2>/dev/null | while read -r timer _; do
    quietly systemctl stop "$timer"
done
tries=0
for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
    while [ -e "$lock" ] && grep -q ":$(stat -c %i "$lock") " /proc/locks; do
        tries=$((tries + 1))
        [ "$tries" -le 1500 ] || exit 1
        sleep 0.2
    done
done

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

step='stop the journal'
# Its files go with the logs. From here on it is kept nowhere: /run is memory, so this setting goes with the machine.
quietly systemctl stop rsyslog.service syslog.socket auditd.service
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nStorage=none\nForwardToSyslog=no\n' >/run/systemd/journald.conf.d/replay-seal.conf
quietly systemctl restart systemd-journald.service

step='remove the state of cloud-init'
# All of it, of every version: a copy is a new instance. The network of the base, written by hand, stays.
must rm -rf /var/lib/cloud
rm -f /var/log/cloud-init.log* /var/log/cloud-init-output.log* /etc/netplan/50-cloud-init.yaml \
    /etc/network/interfaces.d/50-cloud-init* /etc/systemd/network/10-cloud-init-* /etc/NetworkManager/system-connections/cloud-init-*

step='remove the host keys'
# All, also those that the Dockerfile put there: no two copies may have one. A key that cannot be removed ends the seal.
must rm -f -- /etc/ssh/ssh_host_* /etc/dropbear/dropbear_*_host_key
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

step='remove leases and names of the network'
# Profiles that the Dockerfile put there stay, without the addresses of this machine's cards.
rm -f /etc/udev/rules.d/70-persistent-net.rules /etc/udev/rules.d/75-persistent-net-generator.rules
for file in /etc/sysconfig/network-scripts/ifcfg-*; do
    [ -f "$file" ] && sed -i '/^HWADDR=/d' "$file"
done
for file in /etc/NetworkManager/system-connections/*; do
    [ -f "$file" ] && sed -i '/^mac-address=/d' "$file"
done
rm -f /var/lib/dhcpcd/*.lease* /var/lib/dhcpcd5/*.lease*
# What a client or a service writes on its way down lands in memory instead.
for directory in /var/lib/dhcp /var/lib/dhclient /var/lib/NetworkManager /var/lib/systemd/network; do
    [ -d "$directory" ] || continue
    find "$directory" -mindepth 1 -delete
    quietly mount -t tmpfs -o mode=755 tmpfs "$directory"
done

step='remove seeds and secrets of the machine'
# A seed that two machines begin with is none. systemd's own secret encrypts for one machine only.
quietly systemctl stop systemd-random-seed.service
rm -f /var/lib/systemd/random-seed /var/lib/misc/random-seed /var/lib/urandom/random-seed /boot/loader/random-seed \
    /boot/efi/loader/random-seed /efi/loader/random-seed /var/lib/systemd/credential.secret

step='remove what enrols the machine'
# A keytab, a subscription and a domain are one machine's, wherever they came from: a copy enrols itself.
quietly systemctl stop sssd.service rhsmcertd.service
rm -rf /etc/krb5.keytab /var/lib/sss/db/* /var/lib/ipa-client/sysrestore/* /etc/ipa/default.conf /etc/pki/consumer/* \
    /etc/pki/entitlement/* /etc/sysconfig/rhn/systemid /var/lib/rhsm/* /var/lib/waagent/*

step='remove swap, dumps and mail'
# Swap holds pages of this machine's memory. A swap file that fstab names is the Dockerfile's and is made anew; others go.
quietly swapoff -a
for file in /swapfile /swap.img /var/swap /var/swapfile; do
    [ -f "$file" ] || continue
    if grep -q "^${file}[[:space:]]" /etc/fstab; then
        size=$(stat -c %s "$file")
        must dd if=/dev/zero of="$file" bs=1M count="$size" iflag=count_bytes conv=notrunc status=none
        must mkswap "$file" >/dev/null
    else
        must rm -f -- "$file"
    fi
done
rm -rf /var/crash/* /var/lib/systemd/coredump/* /var/lib/systemd/pstore/* /core /core.*
# Mail of the build's own cron jobs and packages; boxes stay, empty.
find /var/mail /var/spool/mail -xdev -type f -delete 2>/dev/null
for queue in /var/spool/postfix/active /var/spool/postfix/deferred /var/spool/postfix/incoming /var/spool/postfix/maildrop \
    /var/spool/exim4/input /var/spool/exim4/msglog; do
    [ -d "$queue" ] && find "$queue" -xdev -type f -delete
done
# A crontab is what a Dockerfile may install: only the build user's goes. Jobs of at(1) were meant for this machine's clock.
rm -f /var/spool/cron/"$BUILD_USER" /var/spool/cron/crontabs/"$BUILD_USER" /var/spool/at/a* /var/spool/cron/atjobs/a* \
    /var/lib/systemd/linger/"$BUILD_USER"
rm -rf /var/lib/sudo/ts/* /var/lib/sudo/lectured/*

step='remove caches'
if [ "$KEEP_APT" != 1 ]; then
    has apt-get && quietly apt-get clean
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/dnf/* /var/cache/yum/* /var/cache/zypp/*
fi

step='empty the host name and the machine-id'
read -r host </proc/sys/kernel/hostname
sed -i "/^127\.0\.1\.1[[:space:]].*$host/d" /etc/hosts
: >/etc/hostname
# An empty file, not a missing one: a missing one is a first boot to systemd, which resets what is enabled and may ask.
must cp /dev/null /etc/machine-id
# Not more than a link, so that D-Bus knows the same identity.
if [ -d /var/lib/dbus ]; then
    must ln -sf /etc/machine-id /var/lib/dbus/machine-id
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
# From every user's home. cloud-init also gives root a line with the key, if only to refuse it. Keys that the Dockerfile
# put there stay.
forget_key() {
    file=$1/.ssh/authorized_keys
    [ -f "$file" ] && grep -qF "$BUILD_KEY" "$file" || return 0
    grep -vF "$BUILD_KEY" "$file" >"$SELF/keys" || :
    cat "$SELF/keys" >"$file"
    if [ ! -s "$file" ]; then
        rm -f -- "$file"
        quietly rmdir "$1/.ssh"
    fi
}
each_home forget_key

step='remove histories and crumbs'
# Every user's, whoever typed: a history says how a machine was made. A user may stand in one of the system's directories.
forget_history() {
    case $1/ in /bin/* | /dev/* | /usr/* | /proc/* | /sys/* | /run/* | /etc/*) return 0 ;; esac
    rm -f "$1"/.*_history "$1"/.lesshst "$1"/.viminfo "$1"/.wget-hsts "$1"/.sudo_as_admin_successful "$1"/core "$1"/core.* \
        "$1"/.local/share/*/history
}
each_home forget_history
for directory in /tmp /var/tmp; do
    find "$directory" -xdev -mindepth 1 -delete 2>/dev/null || :
done

step='remove logs'
# Directories stay, with their owners: services expect theirs. What is written from here on lands in memory.
quietly systemctl stop systemd-update-utmp.service
find /var/log -xdev -type f -delete
[ -d /var/log/journal ] && find /var/log/journal -mindepth 1 -delete
[ -d /var/account ] && find /var/account -xdev -type f -delete
quietly mount -t tmpfs -o mode=755 tmpfs /var/log

step='write everything to the disk'
# Blocks that are free are given back, so that what was in them is not captured where the disk supports that.
sync
quietly fstrim --all
sync
say "sealed $NONCE"
