# Makes a machine what a container of its Dockerfile would be. Sourced after the supervisor's prelude, as root, in the machine's
# own namespaces; the lines that call these functions follow. What the client reads are the lines that begin with replay-setup.
# shellcheck shell=sh disable=SC2154
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
# A busy emulated machine may take longer over an answer than the 25 seconds that sd_bus_call(3) waits.
SYSTEMD_BUS_TIMEOUT=300
export PATH LC_ALL SYSTEMD_BUS_TIMEOUT

setup_fail() {
    printf 'replay: %s\n' "$1" >&2
    exit 1
}

# Takes back what an earlier Dockerfile of this machine's line has put here.
setup_clear() {
    if [ -e /etc/systemd/system/replay-app.service ]; then
        systemctl --root=/ --quiet disable replay-app.service || setup_fail 'cannot disable replay-app.service'
    fi
    rm -rf -- /etc/replay /usr/local/lib/replay /usr/local/bin/replay-health /etc/profile.d/50-replay.sh \
        /etc/systemd/system/replay-app.service /etc/systemd/system/replay-app-health.*
}

setup_directory() { [ -d "$1" ] || mkdir -p -- "$1" || setup_fail "cannot make the directory $1 of VOLUME"; }

# The file $2 with mode $1 and content $3.
setup_file() {
    { mkdir -p -- "${2%/*}" && rm -f -- "$2" && printf '%s' "$3" >"$2" && chmod "$1" -- "$2"; } ||
        setup_fail "cannot write $2"
}

# The names that the links in /etc/systemd/system stand for (systemd.unit(5), [Install]): those of units, and of their templates.
setup_linked() (
    cd /etc/systemd/system || exit 1
    for setup_link in *.wants/* *.requires/* *.upholds/*; do
        [ ! -L "$setup_link" ] || printf '%s\n' "${setup_link##*/}"
    done
    for setup_link in *; do
        [ ! -L "$setup_link" ] || printf '%s\n%s\n' "$setup_link" "$(basename -- "$(readlink -- "$setup_link")")"
    done
)

# The names of the enabled units, read from the disk: a manager that is busy may not answer in time. Only what links stand for can
# be enabled; asked for those, and not for all units, systemctl takes 0.2 s instead of 8 on an emulated machine. There are always
# some, and a template is compared with them: none is a failure.
setup_enabled() {
    # Names are patterns to systemctl, in which a backslash is none of the name's.
    setup_units=$(setup_linked | sed 's/\\/\\\\/g; p; s/@.*\(\.[a-z]*\)$/@\1/' | sort -u)
    # shellcheck disable=SC2086
    setup_units=$(systemctl --root=/ list-unit-files --state=enabled --plain --no-legend $setup_units) ||
        setup_fail 'systemctl cannot list the enabled units'
    [ -n "$setup_units" ] || setup_fail 'systemctl names no enabled unit'
    printf '%s\n' "$setup_units" | sed 's/[[:space:]].*//'
}

# Whether one of the commands of unit $1 is one of setup_programs, or the unit has the name of one.
setup_runs_program() {
    systemctl show --property=ExecStart --value -- "$1" | sed -n 's/^{ path=\([^;]*\) ;.*/\1/p' >"$setup_list"
    while read -r setup_command; do
        setup_command=$(readlink -f -- "$setup_command") || continue
        case $setup_programs in *" $setup_command "*) return 0 ;; esac
    done <"$setup_list"
    case $setup_names in *" ${1%.service} "*) return 0 ;; esac
    return 1
}

# Disables packages' services that would run the programs $2… beside ours; $1 is the PATH where these are looked for.
setup_displace() {
    setup_path=$1 setup_programs=' ' setup_names=' ' setup_list=$(mktemp)
    shift
    for setup_program; do
        setup_found=$(PATH=$setup_path command -v -- "$setup_program") || continue
        setup_names="$setup_names${setup_program##*/} "
        setup_programs="$setup_programs$(readlink -f -- "$setup_found") "
    done
    setup_services=$(setup_enabled) || exit 1
    for setup_unit in $setup_services; do
        # What a machine cannot do without is nobody's rival.
        case $setup_unit in
        *@.service | ssh.service | sshd.service | systemd-* | replay-*) continue ;;
        *.service) ;;
        *) continue ;;
        esac
        setup_runs_program "$setup_unit" || continue
        systemctl --root=/ --quiet disable -- "$setup_unit" >/dev/null 2>&1 || setup_fail "cannot disable $setup_unit"
        printf 'replay-setup displaced %s\n' "$setup_unit"
    done
    rm -f -- "$setup_list"
}

# Links alone: the manager, which would read all units anew, need not know of a service that starts at the next boot.
setup_enable() { systemctl --root=/ --quiet enable -- "$1" || setup_fail "cannot enable $1"; }

# What is enabled and what has failed at the end of the build.
setup_report() {
    setup_all=$(setup_enabled) || exit 1
    printf '%s\n' "$setup_all" | sed 's/^/replay-setup enabled /'
    setup_failed=$(systemctl list-units --failed --plain --no-legend) || setup_fail 'systemctl cannot list the failed units'
    [ -z "$setup_failed" ] || printf '%s\n' "$setup_failed" | sed 's/^\([^[:space:]]*\).*/replay-setup failed \1/'
}
