# COPY, ADD and WORKDIR on the guest; sourced after the supervisor's prelude, in its state directory. The rules are
# BuildKit's, but that an unknown user is an error. Sources are unpacked and checked before anything is changed; then
# they are renamed into place, so that a program that runs is replaced and not written over.
# shellcheck shell=sh disable=SC2015,SC2016,SC2154,SC3013
# (The shells that Debian has as sh all know -nt.)

files_fail() {
    printf 'replay: %s\n' "$1" >&2
    exit 1
}

# --chown: names from the guest's files, a name alone with its primary group, a number alone with the group of the same
# number, `:group` with user 0. Sets files_owner to uid:gid. With files_accept_unknown an unknown user is root, and an
# unknown group the user's, as in BuildKit.
files_resolve_owner() {
    replay_user=${1%%:*} replay_wanted=''
    case $1 in *:*) replay_wanted=${1#*:} ;; esac
    if [ -z "$replay_user" ] || [ "$replay_user" = root ]; then
        replay_uid=0 replay_gid=0
    elif replay_number "$replay_user"; then
        replay_uid=$replay_user replay_gid=$replay_user
    else
        replay_find_user "$replay_user" 2>/dev/null || replay_name=''
        if [ -z "$replay_name" ]; then
            [ -n "${files_accept_unknown:-}" ] || files_fail "--chown=$1: there is no user '$replay_user' in /etc/passwd"
            replay_uid=0 replay_gid=0
        fi
    fi
    case $replay_wanted in
        '') ;;
        root) replay_gid=0 ;;
        *)
            if [ -z "${files_accept_unknown:-}" ] || (replay_find_group "$replay_wanted") >/dev/null 2>&1; then
                replay_find_group "$replay_wanted"
            fi
            ;;
    esac
    files_owner=$replay_uid:$replay_gid
}

# Makes the directory $1 and its missing parents, mode 0755 or files_parent_mode, owned by files_owner.
files_make_directory() {
    if [ -z "$1" ] || [ -d "$1" ]; then return 0; fi
    if [ -e "$1" ] || [ -L "$1" ]; then files_fail "cannot make the directory $1: there is a file of that name"; fi
    files_make_directory "${1%/*}"
    mkdir -m "$files_parent_mode" -- "$1" || exit 1
    [ "$files_owner" = 0:0 ] || chown "$files_owner" -- "$1" || exit 1
}

# The path that $1 leads to when symbolic links are followed, the last one too; parts of it may be missing.
files_resolve() { readlink -m -- "$1" 2>/dev/null || readlink -f -- "$1" || printf '%s\n' "$1"; }

# WORKDIR: new directories belong to USER (a number alone also names the group; an unknown user is root); one that is
# there is not touched.
files_workdir() {
    [ ! -d "$1" ] || return 0
    files_parent_mode=0755 files_owner=0:0
    case $2 in
        '' | 0 | root) ;;
        *)
            case ${2%%:*} in *[!0-9]*) replay_find_user "${2%%:*}" || set -- "$1" '' ;; esac
            [ -z "$2" ] || files_owner=$(files_resolve_owner "$2" && printf '%s' "$files_owner") 2>/dev/null || files_owner=0:0
            ;;
    esac
    files_make_directory "$(files_resolve "$1")"
}

# The SHA-256 of a file. OpenSSL uses what processors have for it, which sha256sum(1) of Debian 12 does not (four times the
# time), but takes longer to start.
copy_sum() {
    if command -v openssl >/dev/null && [ "$(wc -c <"$1")" -gt 16000000 ]; then
        copy_line=$(openssl dgst -sha256 -r <"$1")
    else
        copy_line=$(sha256sum <"$1")
    fi
    printf '%s' "${copy_line%% *}"
}

# Unpacks the upload $1 and applies --chown ($2) and --chmod ($3) where they belong; $4 is the destination as written.
copy_open() {
    copy_blob=blobs/$1 files_owner=0:0 copy_mode=$3 files_parent_mode=0755 copy_wants_directory=''
    # A number is meant as a whole: chmod(1) keeps set-group-ID bits of directories unless it has five digits.
    if replay_number "$copy_mode"; then
        while [ "${#copy_mode}" -lt 5 ]; do copy_mode=0$copy_mode; done
        files_parent_mode=$copy_mode
    fi
    [ -z "$2" ] || files_resolve_owner "$2"
    case $4 in */ | */.) copy_wants_directory=1 ;; esac
    copy_destination=$(files_resolve "${4%/.}")
    case $copy_destination in /) copy_destination='' ;; esac
    read -r copy_digest <"$copy_blob.sha256"
    [ "$(copy_sum "$copy_blob.ready")" = "$copy_digest" ] || files_fail 'the upload arrived damaged: its checksum differs'
    rm -rf stage && mkdir stage && : >stage.start || exit 1
    tar -x -p --numeric-owner -f "$copy_blob.ready" -C stage || files_fail 'cannot unpack the upload'
    umask 0
    # Also for root: what comes out of an archive may be somebody else's.
    if [ -n "$2" ]; then
        # chown(2) clears set-user-ID bits.
        find stage -mindepth 1 -type f -perm /6000 -exec sh -c \
            'o=$1; shift; for f do m=$(stat -c %a -- "$f") && chown "$o" -- "$f" && chmod "$m" -- "$f" || exit 1; done' \
            sh "$files_owner" {} + || exit 1
        find stage -mindepth 1 ! \( -type f -perm /6000 \) -exec chown -h "$files_owner" -- {} + || exit 1
    fi
}

# Removes what is left, with $1 but for the upload: a later step takes it.
copy_close() {
    rm -rf stage stage.start stage.time
    [ -n "${1:-}" ] || rm -f "$copy_blob.ready" "$copy_blob.sha256"
}

copy_change_modes() {
    [ -z "$copy_mode" ] || find "$1" ! -type l -exec chmod -- "$copy_mode" {} + || exit 1
}

# A file: source $1, which is called $2 in a destination that is a directory.
copy_file() {
    copy_change_modes "stage/$1/$2"
    if [ -n "$copy_wants_directory" ] || [ -d "$copy_destination/" ]; then
        files_make_directory "$copy_destination"
        copy_target=$copy_destination/$2
    else
        files_make_directory "${copy_destination%/*}"
        copy_target=$copy_destination
    fi
    if [ -d "$copy_target" ] && [ ! -L "$copy_target" ]; then
        files_fail "cannot replace the directory $copy_target with a file"
    fi
    mv -f -T -- "stage/$1/$2" "$copy_target" || exit 1
}

# A directory: the content of source $1 goes into the destination. One that is there keeps its mode and owner.
copy_directory() {
    copy_change_modes "stage/$1"
    copy_tree "$1"
}

# An archive that ADD unpacks: its members keep their modes.
copy_archive() {
    files_parent_mode=0755
    copy_tree "$1" archive
}

copy_tree() {
    if [ -e "$copy_destination" ] && [ ! -d "$copy_destination/" ]; then
        files_fail "cannot copy a directory over $copy_destination, which is a file"
    fi
    copy_check "stage/$1" "$copy_destination"
    if [ ! -d "$copy_destination/" ]; then
        files_make_directory "$copy_destination"
        # A symbolic --chmod starts from 0755 for the destination itself.
        case $copy_mode in '' | 0*) ;; *) [ "${2:-}" = archive ] || chmod -- "$copy_mode" "$copy_destination" || exit 1 ;; esac
    fi
    touch -m -r "stage/$1" stage.time
    copy_merge "stage/$1" "$copy_destination"
    touch -m -r stage.time -- "$copy_destination/"
}

# Fails before anything is changed when a file would replace a directory, or a directory something else.
copy_check() {
    for copy_child in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        copy_there=$2/${copy_child##*/}
        [ -e "$copy_there" ] || [ -L "$copy_there" ] || continue
        if [ -d "$copy_child" ] && [ ! -L "$copy_child" ]; then
            if [ ! -d "$copy_there" ] || [ -L "$copy_there" ]; then
                files_fail "cannot copy a directory over $copy_there, which is none"
            fi
            copy_check "$copy_child" "$copy_there"
        elif [ -e "$copy_child" ] || [ -L "$copy_child" ]; then
            if [ -d "$copy_there" ] && [ ! -L "$copy_there" ]; then
                files_fail "cannot replace the directory $copy_there with a file"
            fi
        fi
    done
}

# Whether child $1 and what is at $2 are both directories, to be merged.
copy_both_directories() { [ -d "$1" ] && [ ! -L "$1" ] && [ -d "$2" ] && [ ! -L "$2" ]; }

# Moves the children of $1 into the directory $2. With $3, $2 takes over the mode and owner of $1.
copy_merge() {
    # A directory that the archive only implies (it is newer than the unpacking) says nothing about one that is there.
    if [ "${3:-}" = nested ] && [ ! "$1" -nt stage.start ]; then
        chown --reference="$1" -- "$2" && chmod --reference="$1" -- "$2" || exit 1
    fi
    for copy_child in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        [ -e "$copy_child" ] || [ -L "$copy_child" ] || continue
        copy_both_directories "$copy_child" "$2/${copy_child##*/}" || printf '%s\0' "$copy_child"
    done | xargs -0 -r sh -c 'd=$1; shift; mv -f -- "$@" "$d/"' sh "$2" || exit 1
    for copy_child in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        [ -d "$copy_child" ] && [ ! -L "$copy_child" ] || continue
        copy_merge "$copy_child" "$2/${copy_child##*/}" nested
    done
}
