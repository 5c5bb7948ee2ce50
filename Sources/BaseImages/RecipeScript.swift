/// The shell program that turns a suite of Debian into a disk image that boots.
///
/// It runs as root in mount and process namespaces of its own: however it ends, its mounts and its loop device end too.
/// Arguments: the work directory, which gets `image.qcow2`; the file system's UUID; the suite; the remaining ones are
/// mmdebstrap's, without target and sources; then `--` and the lines of apt sources to build from.
enum RecipeScript {
    /// Where the root file system begins: 1 MiB, which leaves room for the boot record and aligns with every disk.
    static let offset = 1 << 20
    /// The size of the disk in MiB. A driver makes it larger, and cloud-init grows partition and file system.
    static let diskMiB = 2048

    /// What the guest's cloud-init runs. Debian's own list holds modules that cost seconds under emulation and do nothing
    /// here (grub, byobu, locale, apt's sources), and looks for every cloud there is.
    static let cloudConfiguration = """
        datasource_list: [ NoCloud, None ]
        locale: false
        cloud_init_modules: [ seed_random, bootcmd, write-files, growpart, resizefs, disk_setup, mounts, set_hostname,
          update_hostname, update_etc_hosts, users-groups, ssh ]
        cloud_config_modules: [ set-passwords, ntp, timezone, runcmd ]
        cloud_final_modules: [ package-update-upgrade-install, scripts-vendor, scripts-per-once, scripts-per-boot,
          scripts-per-instance, scripts-user, power-state-change ]
        """

    /// The caller's end of our input closes when it gives up, or is killed: then everything in the namespace ends.
    static let lifeline = """
        exec 3<&0 </dev/null
        { cat <&3 >/dev/null; kill -s KILL -- -1; } >/dev/null 2>&1 &
        exec 3<&-
        """

    /// The program's text.
    static let text = """
        set -eu
        export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
        umask 022
        \(lifeline)
        work=$1 uuid=$2 suite=$3
        shift 3
        root=$work/root
        note() { echo "replay: $*"; }

        note 'make the disk'
        truncate -s \(diskMiB)M "$work/disk.raw"
        echo '\(offset / 512),,83,*' | sfdisk -q "$work/disk.raw"
        # bs=440: the boot record's program ends where the disk's signature and the partitions begin.
        for record in /usr/lib/syslinux/mbr/mbr.bin /usr/lib/EXTLINUX/mbr.bin; do
            [ ! -e "$record" ] || break
        done
        dd if="$record" of="$work/disk.raw" bs=440 count=1 conv=notrunc status=none
        # The features are named, so that the guest's tools know them all even when this machine's are newer. Tables and
        # journal are not zeroed: the disk is new.
        mke2fs -q -t ext4 -L root -U "$uuid" -m 1 \\
            -O none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super \\
            -O large_file,huge_file,dir_nlink,extra_isize,metadata_csum \\
            -E offset=\(offset),lazy_itable_init=1,lazy_journal_init=1,nodiscard \\
            "$work/disk.raw" \((diskMiB - 1) * 1024)k
        mkdir "$root"
        # Partitions of loop devices have no device nodes in every environment: the offset needs none.
        mount -o loop,offset=\(offset) "$work/disk.raw" "$root"

        note 'install packages'
        # Rearrange "options -- sources" to "options suite target sources" without losing a blank.
        count=$#
        while [ "$count" -gt 0 ]; do
            argument=$1
            shift
            count=$((count - 1))
            if [ "$argument" = -- ]; then
                set -- "$@" "$suite" "$root"
            else
                set -- "$@" "$argument"
            fi
        done
        mmdebstrap "$@" 2>&1

        note 'configure'
        # Empty, not missing: a missing one makes systemd ask for a locale on the first boot and wait for ever.
        : >"$root/etc/machine-id"
        rm -f "$root/var/lib/dbus/machine-id" "$root"/etc/ssh/ssh_host_*
        rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root/etc/resolv.conf"
        : >"$root/etc/resolv.conf"
        echo localhost >"$root/etc/hostname"
        printf '127.0.0.1\\tlocalhost\\n::1\\tlocalhost ip6-localhost ip6-loopback\\n' >"$root/etc/hosts"
        echo "UUID=$uuid / ext4 errors=remount-ro,discard 0 1" >"$root/etc/fstab"
        echo 'LANG=C.UTF-8' >"$root/etc/default/locale"
        if [ -e "$root/sbin/ifup" ]; then
            printf 'source /etc/network/interfaces.d/*\\n\\nauto lo\\niface lo inet loopback\\n' \\
                >"$root/etc/network/interfaces"
        else
            chroot "$root" systemctl --quiet enable systemd-networkd.service systemd-resolved.service
            ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
        fi
        rm -f "$root"/etc/apt/sources.list.d/*
        cat >"$root/etc/apt/sources.list" <<END
        \(DebianMirror().lines(suite: "$suite").joined(separator: "\n"))
        END
        cat >"$root/etc/cloud/cloud.cfg.d/91_replay.cfg" <<'END'
        \(cloudConfiguration)
        END
        # It looks for LVM snapshots, of which there are none, for two seconds of the boot.
        ln -sf /dev/null "$root/etc/systemd/system/e2scrub_reap.service"
        ln -sf /dev/null "$root/etc/systemd/system/e2scrub_all.timer"

        note 'install the boot loader'
        [ -e "$root/vmlinuz" ] || ln -s "boot/$(basename "$root"/boot/vmlinuz-*)" "$root/vmlinuz"
        [ -e "$root/initrd.img" ] || ln -s "boot/$(basename "$root"/boot/initrd.img-*)" "$root/initrd.img"
        mkdir -p "$root/boot/extlinux"
        cat >"$root/boot/extlinux/extlinux.conf" <<END
        PROMPT 0
        TIMEOUT 1
        DEFAULT linux
        LABEL linux
        LINUX /vmlinuz
        INITRD /initrd.img
        APPEND root=UUID=$uuid ro console=ttyS0 net.ifnames=0
        END
        extlinux --install "$root/boot/extlinux" 2>"$work/extlinux.log" || { cat "$work/extlinux.log"; exit 1; }

        note 'write the image'
        fstrim "$root" 2>/dev/null || true
        umount "$root"
        qemu-img convert -f raw -O qcow2 "$work/disk.raw" "$work/image.qcow2"
        rm "$work/disk.raw"
        chown --reference="$work" "$work/image.qcow2"
        """
}
