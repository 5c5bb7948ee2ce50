# What a step's script starts from: sourced before it, by the shell that becomes the step's command. The functions
# serve the scripts that replay makes. Nothing is exported but what the script exports; variables begin with replay_.
# shellcheck shell=sh
exec 8<&-
umask 022
replay_setsid=$replay_session replay_root=$replay_plain_root replay_path=$PATH
unset replay_session replay_plain_root PATH PWD OLDPWD LC_ALL AWKPATH AWKLIBPATH SHLVL TERM
PATH=$replay_path

replay_fail() {
    printf 'replay: %s\n' "$1" >&2
    exit 125
}

replay_number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; }

# Finds the passwd line with name $1, or with uid $1 when it is a number.
replay_find_user() {
    while IFS=: read -r replay_name _ replay_uid replay_gid _ replay_home _ || [ -n "$replay_name" ]; do
        if replay_number "$1"; then [ "$replay_uid" = "$1" ]; else [ "$replay_name" = "$1" ]; fi && return
    done </etc/passwd
    return 1
}

# Sets replay_gid to the group with name or gid $1; a number need not be in the file.
replay_find_group() {
    while IFS=: read -r replay_group _ replay_found _ || [ -n "$replay_group" ]; do
        if [ "$replay_group" = "$1" ] && ! replay_number "$1"; then
            replay_gid=$replay_found
            return
        fi
    done </etc/group
    replay_number "$1" || replay_fail "there is no group '$1' in /etc/group"
    replay_gid=$1
}

# USER as the container runtimes read it (`name`, `uid`, `name:group`, `uid:gid`, `:group`, empty): sets replay_uid,
# replay_gid, replay_groups (comma-separated, may be empty), replay_home.
replay_identity() {
    replay_user=${1%%:*} replay_wanted='' replay_groups=''
    case $1 in *:*) replay_wanted=${1#*:} ;; esac
    if replay_find_user "${replay_user:-0}"; then
        if [ -z "$replay_wanted" ]; then
            while IFS=: read -r _ _ replay_found replay_members || [ -n "$replay_found" ]; do
                case ,$replay_members, in *,"$replay_name",*) replay_groups=$replay_groups,$replay_found ;; esac
            done </etc/group
            replay_groups=${replay_groups#,}
        fi
    else
        replay_number "${replay_user:-0}" || replay_fail "there is no user '$replay_user' in /etc/passwd"
        replay_uid=${replay_user:-0} replay_gid=0 replay_home=/
    fi
    [ -z "$replay_wanted" ] || replay_find_group "$replay_wanted"
    replay_home=${replay_home:-/}
}

# Goes to the working directory, making it as the container runtimes do: root's, mode 0755.
replay_enter() {
    [ -d "$1" ] || mkdir -p -- "$1" || replay_fail "cannot make the working directory $1"
    cd -- "$1" || replay_fail "cannot enter the working directory $1"
    unset PWD OLDPWD
}

# A script of the Dockerfile at /dev/pipes/$1, for this step only where it has a mount namespace.
replay_pipe() {
    if [ -z "${replay_pipes:-}" ]; then
        { mkdir -p /dev/pipes && chmod 755 /dev/pipes; } || replay_fail 'cannot make /dev/pipes'
        [ -z "$replay_setsid" ] || mount -t tmpfs -o mode=0755 replay /dev/pipes || replay_fail 'cannot mount /dev/pipes'
        replay_pipes=1
    fi
    { printf '%s' "$2" >"/dev/pipes/$1" && chmod 755 "/dev/pipes/$1"; } || replay_fail "cannot write /dev/pipes/$1"
}

# Sets replay_words to the words before a command that give it a session of its own and the identity found before. $1 may
# hold further options of setpriv; root, who can do everything already, does not need them.
replay_become() {
    replay_words=''
    [ -z "$replay_setsid" ] || replay_words="$replay_setsid --"
    case $replay_root$replay_uid:$replay_gid:$replay_groups in
        root0:0: | user0:0:) return ;;
        user*) replay_fail 'only root can run steps as another user' ;;
    esac
    replay_setpriv=$(command -v setpriv) || replay_fail 'setpriv is missing (package util-linux): cannot change the user'
    if [ -n "$replay_groups" ]; then
        replay_groups="--groups $replay_groups"
    else
        replay_groups=--clear-groups
    fi
    replay_words="$replay_words $replay_setpriv --reuid $replay_uid --regid $replay_gid $replay_groups ${1:-} --"
}
