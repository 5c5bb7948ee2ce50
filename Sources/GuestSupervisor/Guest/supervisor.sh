#!/bin/sh
# The guest's half of replay: runs the steps of one build on this machine, one after the other, whatever becomes of
# the connection. POSIX sh; tried with dash, bash and busybox ash.
#
# Roles:   attach   one per connection: reads frames from stdin, copies the output log to stdout, answers on stderr
#          execute  one per build, detached from every connection: runs the queued steps
#          cancel   ends the running step
#          expire   ends one step when its time is over
#
# The state directory is root's alone and holds
#   queue     what to do, one line each, appended by attach, read in order by execute: `step ID FLAGS BLOB`, `resume TOKEN`
#   steps/ID  the step's script, sourced after `prelude`
#   journal   what was done, one line each: `started ID UPTIME`, `finished ID HOW NUMBER UPTIME`, `skipped ID`,
#             `restarting ID UPTIME BOOT`. The `finished` line is the only proof that a step ended, and of how.
#   boot      the boots of this machine during which the build has run, one id a line
#   output    both streams of all steps; between them stand the journal's lines as marks, which begin with a secret
#             that no step can see. So one stream tells in one order what was written and which step wrote it.
#   blobs/B   uploads; B.ready when complete; B.mark: how much there is without a gap, at least;
#             B.upload, B.done: which upload is, and was, at it
#   bell      a FIFO: a line in it says that the queue or the blobs have news
#   sink      the FIFO that is a step's stdout and stderr. A FIFO as in a container, and not the log itself: opening
#             /dev/stdout again must not cut the log off, and must work for every user. The journal's lines go the same
#             way, so that they come after all that the step has written.
#   result    the FIFO through which a step's status comes: it works on a full disk
#   current   process, start time and id of the running step
#   cancelled, held  no queued step starts until the queue is resumed; a cancellation also ends the running one
# shellcheck disable=SC2015,SC2086,SC2016,SC2094 # $sh may be two words (busybox sh); programs in quotes expand elsewhere
set -u
role=$1 state=$2 sh=$3
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
unset ENV BASH_ENV CDPATH IFS
version=1

# The start time of a process in clock ticks: with the pid it names a process for as long as the machine runs. Fails for one
# that has ended, also when its parent has not been told yet (a zombie).
start_time() {
    started_at=
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    set -- ${stat##*) }
    [ "$1" != Z ] || return 1
    started_at=${20}
}

# Whether the process that FILE names is alive; sets `process`.
alive() {
    process='' since=''
    { read -r process since _ <"$1"; } 2>/dev/null
    [ -n "$process" ] && start_time "$process" && [ "$started_at" = "$since" ]
}

sign() { start_time "$$" && printf '%s %s\n' "$$" "$started_at" >"$1"; }

# ---------------------------------------------------------------------------------------------------------- cancel

# Inside the step's PID namespace, and only there, -1 is every process of the step: also those that called setsid
# or forked twice. In the namespace of the machine it would be every process of the machine: hence the comparison.
signal_namespace() {
    outer=$(readlink /proc/self/ns/pid)
    nsenter --pid="/proc/$1/ns/pid_for_children" "$(command -v sh)" -c \
        '[ "$(readlink /proc/self/ns/pid)" != "$1" ] && kill -s TERM -- -1' sh "$outer"
}

end_process_tree() {
    if [ "$(readlink "/proc/$1/ns/pid_for_children")" != "$(readlink /proc/self/ns/pid)" ]; then
        child=
        { read -r child _ <"/proc/$1/task/$1/children"; } 2>/dev/null
        kill -s KILL -- "${child:-$1}"
    else
        kill -s KILL -- "-$1" || kill -s KILL -- "$1"
    fi
}

cancel() {
    cd "$state" || exit
    alive current || exit 0
    end_step
}

# In the directory that the executor works in: it has covered the state's own path.
expire() { # ID SECONDS
    sleep "$2"
    alive current && read -r _ _ id <current && [ "$id" = "$1" ] || exit 0
    printf '%s\n' "$1" >expired
    end_step
}

# Ends the step that `process` runs: TERM, and KILL half a second later.
end_step() {
    runner=$process
    if [ "$(readlink "/proc/$runner/ns/pid_for_children")" != "$(readlink /proc/self/ns/pid)" ]; then
        signal_namespace "$runner"
    else
        kill -s TERM -- "-$runner" || kill -s TERM -- "$runner"
    fi
    tries=0
    while [ "$tries" -lt 10 ]; do
        sleep 0.05 || sleep 1
        alive current && [ "$process" = "$runner" ] || exit 0
        tries=$((tries + 1))
    done
    end_process_tree "$runner"
}

# --------------------------------------------------------------------------------------------------------- execute

uptime_now() { read -r uptime _ </proc/uptime; }

# Journal first, then the mark that tells the client. On a full disk the ballast makes room.
record() {
    printf '%s\n' "$1" >>journal || { rm -f ballast; printf '%s\n' "$1" >>journal; }
    printf '\036replay:%s:%s\n' "$secret" "$1" >&5
    unsynced=1
}

# How awk can be the first process of a step. It must tell an exit status from a signal, which sh cannot, and end
# the zombies that are handed to it, which mawk does (it waits for any child) and others leave to a shell above them.
choose_reaper() {
    reaper=rough awk=$(command -v mawk) || awk=$(command -v awk) || return
    [ "$("$awk" 'BEGIN { print system("kill -9 $$") }' 2>/dev/null)" = 265 ] || return
    case $("$awk" -W version 2>&1 </dev/null) in
        mawk*) reaper=mawk ;;
        *) reaper='awk' ;;
    esac
}

# Becomes the process that runs step $1 to its end: isolated, or ($2 is `host`) as a plain session of the machine.
become_runner() {
    read -r pid _ </proc/self/stat
    start_time "$pid"
    printf '%s %s %s\n' "$pid" "$started_at" "$1" >current
    [ ! -e cancelled ] || exit 1
    if [ "$sh" = /bin/sh ]; then
        command=". ./prelude; . ./steps/$1"
    else
        command="exec $sh -c '. ./prelude; . ./steps/$1'"
    fi
    case $reaper in
        mawk) set -- "$2" "$awk" "$program" "$command" ;;
        awk) set -- "$2" $sh -c '"$@"; :' sh "$awk" "$program" "$command" ;;
        rough) set -- "$2" $sh -c '(eval "$1"); echo "$?" >result' sh "$command" ;;
    esac
    mode=$1
    shift
    if [ "$mode" = host ]; then
        [ "$isolation" = none ] || set -- nsenter --mount=/proc/self/fd/8 -- $sh -c 'cd "$0" && exec "$@"' "$state" "$@"
        replay_session=''
        export replay_session
        exec setsid "$@"
    fi
    replay_session=$session
    export replay_session
    exec unshare --mount --propagation slave --pid --fork --kill-child --mount-proc "$@"
}

run_step() {
    id=$1 mode=host
    [ "$isolation" = none ] || case $2 in *h*) ;; *) mode=isolated ;; esac
    uptime_now
    record "started $id $uptime"
    limit=${2##*[!0-9]} watchdog=''
    if [ -n "$limit" ]; then
        setsid $sh ./supervisor expire . "$sh" "$id" "$limit" </dev/null >/dev/null 2>&1 4<&- 5>&- 6<&- 7<&- 8<&- &
        watchdog=$!
    fi
    # In the foreground: a background job of a shell without job control ignores SIGINT and SIGQUIT.
    (become_runner "$id" "$mode") </dev/null >sink 2>&1 4<&- 5>&- 6<&- 7<&-
    if [ "$mode" = host ]; then
        alive current || kill -s KILL -- "-${process:-0}"
    fi 2>/dev/null
    [ -z "$watchdog" ] || kill -s KILL -- "-$watchdog" 2>/dev/null
    printf 'none\n' >&7
    read -r raw short <&7
    [ "$raw" = none ] || read -r _ <&7
    how=exit number=$raw
    case $raw in
        none) how=lost number=0 ;;
        *) if [ "$raw" -gt 512 ]; then how=signal number=$((raw - 512)); elif [ "$raw" -gt 256 ]; then how=signal number=$((raw - 256)); fi ;;
    esac
    # With the status that a shell gives to a signal.
    [ -z "$short" ] || { [ "$how" = exit ] || number=$((128 + number)); how=memory; }
    expired_step=''
    [ ! -e expired ] || { read -r expired_step <expired; rm -f expired; }
    [ "$expired_step" != "$id" ] || how=timeout number=$limit
    [ ! -e cancelled ] || how=cancelled number=0
    case $how$number$2 in exit0*r*) restart_machine && return ;; esac
    : >current
    uptime_now
    record "finished $id $how $number $uptime"
    case $how$number$2 in
        exit0*) ;;
        *-*s*) [ "$how" = cancelled ] && halted=1 ;;
        *) halted=1 ;;
    esac
}

# The step's own commands have succeeded; now the machine restarts, and the next boot's executor notes the step's end.
# What the steps did must be on the disk before the record says so, and the record before the machine goes.
restart_machine() {
    read -r boot </proc/sys/kernel/random/boot_id
    sync
    uptime_now
    record "restarting $id $uptime $boot"
    sync journal
    set -- reboot
    [ ! -d "/proc/1/root/run/systemd/system" ] || set -- systemctl --no-wall reboot
    [ "$isolation" = none ] || set -- nsenter --mount=/proc/self/fd/8 -- "$@"
    if "$@" >sink 2>&1; then
        # Until the system manager ends this process.
        while sleep 3600; do :; done
    fi
    how=exit number=125
    printf 'replay: the machine cannot be restarted\n' >&5
    return 1
}

# What an executor before this one left: its steps, ended or not, do not run again.
recover() {
    known=' ' halted='' open='' restarting='' resumes=0
    read -r boot </proc/sys/kernel/random/boot_id
    [ -e journal ] || return
    while read -r what id how number _; do
        case $what in
            started) known="$known$id " open=$id ;;
            skipped) known="$known$id " ;;
            resumed) halted='' resumes=$((resumes + 1)) ;;
            # Unless the machine is still the one that was to restart.
            restarting) [ "$open" != "$id" ] || [ "$number" = "$boot" ] || restarting=$id ;;
            finished) open='' ; case $how$number in exit0) ;; *) halted=1 ;; esac ;;
        esac
    done <journal
    [ -n "$open" ] || return
    if [ "$restarting" = "$open" ]; then
        uptime_now
        record "finished $open exit 0 $uptime"
        return
    fi
    if alive current; then end_process_tree "$process"; fi
    : >current
    uptime_now
    record "finished $open lost 0 $uptime"
    halted=1
}

wait_for_blob() {
    while [ ! -e "blobs/$1.ready" ] && [ ! -e cancelled ] && [ ! -e held ]; do read -r _ <&6; done
}

# From its own PID namespace a step cannot speak with the system manager. As long as it can see that there is one
# (/run/systemd/system, sd_booted(3)), `systemctl enable` fails; without it, it edits the links, as in a container.
# Name resolution stays: /etc/resolv.conf may lead to a file in there.
hide_system_manager() {
    [ -d /run/systemd/system ] || return 0
    if [ ! -d /run/systemd/resolve ]; then
        mount -t tmpfs -o size=16k,mode=0755 replay /run/systemd
    elif cd /run/systemd/resolve; then
        mount -t tmpfs -o size=16k,mode=0755 replay /run/systemd && mkdir /run/systemd/resolve &&
            mount --no-canonicalize --bind . /run/systemd/resolve
    fi
}

execute() {
    exec 2>>"$state/errors"
    if [ "$isolation" = unknown ]; then
        isolation=none
        if unshare --mount --propagation slave --pid --fork --kill-child --mount-proc true && command -v nsenter >/dev/null; then
            isolation=namespaces
            # In a mount namespace of its own the executor covers the state directory, so that no step meets it;
            # what it needs there it reaches through its working directory.
            exec 8</proc/self/ns/mnt
            exec unshare --mount --propagation slave $sh "$state/supervisor" execute "$state" "$sh" namespaces
        fi
    fi
    umask 077
    cd "$state" || exit
    sign executor
    if [ "$isolation" != none ]; then
        hide_system_manager
        cd "$state" && mount -t tmpfs -o size=16k,mode=0700 replay "$state"
    fi
    session=$(command -v setsid)
    # Whether a step of root's needs no further program to be exactly root, as it is nearly always.
    case $(id -u):$(id -G) in
        0:0) replay_plain_root=root ;;
        0:*) replay_plain_root='' ;;
        *) replay_plain_root=user ;;
    esac
    export replay_plain_root
    # The kernel counts what it killed for want of memory, on the whole machine (oom_kill, since Linux 4.13).
    program='
        function killed(count) {
            while ((getline line <"/proc/vmstat") > 0) if (line ~ /^oom_kill /) count = substr(line, 10)
            close("/proc/vmstat")
            return count + 0
        }
        BEGIN {
            before = killed(); status = system(ARGV[1])
            if (status != 0 && killed() > before) status = status " memory"
            print status >"result"; close("result")
        }'
    choose_reaper
    read -r secret <secret
    exec 4<queue 5<>sink 6<>bell 7<>result
    start_collector
    unsynced='' line='' part=''
    recover
    while :; do
        if ! IFS= read -r line <&4; then
            # The end for now, or a line that is still being written.
            part=$part$line
            # A crash of the machine takes the effects of the last seconds with it as well as their record, so the
            # record is made durable when there is time for it, and not before each step.
            [ -z "$unsynced" ] || { sync journal; unsynced=''; }
            read -r _ <&6
            continue
        fi
        line=$part$line part=
        set -- $line
        case $1 in
            resume)
                if [ "$resumes" -gt 0 ]; then
                    resumes=$((resumes - 1))
                else
                    halted=''
                    rm -f cancelled held
                    record resumed
                fi
                ;;
            step)
                case $known in *" $2 "*) continue ;; esac
                known="$known$2 "
                [ "$4" = - ] || [ -n "$halted" ] || wait_for_blob "$4"
                if [ -n "$halted" ] || [ -e cancelled ] || [ -e held ]; then
                    halted=1
                    record "skipped $2"
                else
                    run_step "$2" "$3"
                fi
                ;;
        esac
    done
}

# Copies the sink to the log. On a full disk it goes on, for a step must not hang: output is lost, the records are
# told in another way (see `ping`).
collect() {
    until cat; do rm -f ballast; done
}

start_collector() {
    if alive collector; then
        child=''
        { read -r child _ <"/proc/$process/task/$process/children"; }
        kill -s KILL "$process" $child
    fi 2>/dev/null
    collect <sink >>output 4<&- 5>&- 6>&- 7>&- 8<&- &
    start_time "$!" && printf '%s %s\n' "$!" "$started_at" >collector
}

# ---------------------------------------------------------------------------------------------------------- attach

answer() { printf '%s\n' "$*" >&3; }

# Payloads. Bytes take a process; short text is read line by line by the shell itself.
take() { dd bs="$1" count=1 iflag=fullblock 2>/dev/null; }
take_lines() {
    lines=$1
    while [ "$lines" -gt 0 ]; do
        IFS= read -r line || exit 0
        printf '%s\n' "$line" || return
        lines=$((lines - 1))
    done
}
drain() { [ "$1" = 0 ] || take "$1" >/dev/null; }

start_executor() {
    ! alive executor || return 0
    begun=1
    set -- "$state/supervisor" execute "$state" "$sh" unknown
    if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
        # A unit of the system manager: nothing that ends the login session (KillUserProcesses) ends the build.
        systemd-run --quiet --collect --no-ask-password --unit="$unit" -p KillMode=control-group -p OOMPolicy=continue \
            -p IgnoreSIGPIPE=no -p TasksMax=infinity -p StandardInput=null -p StandardOutput=null \
            env -i PATH="$PATH" LC_ALL=C $sh "$@" </dev/null >/dev/null && return
    fi
    signals=--default-signal
    env "$signals" true 2>/dev/null || signals=
    setsid -f env -i $signals PATH="$PATH" LC_ALL=C $sh "$@" </dev/null >/dev/null 2>&1 3>&- 7>&-
}

stop_executor() {
    # One that this connection has started is to be found before it can be ended.
    tries=0
    while [ -n "${begun:-}" ] && ! alive executor && [ "$tries" -lt 40 ]; do
        tries=$((tries + 1))
        sleep 0.05 || sleep 1
    done
    if alive executor; then
        executor=$process
        : >cancelled
        if alive current; then end_process_tree "$process"; fi
        [ ! -d /run/systemd/system ] || systemctl stop "$unit.service"
        kill -s KILL -- "-$executor"
    fi 2>/dev/null
}

# A connection that was lost may not know it yet: its processes must not write any more when this one begins.
retire_predecessor() {
    if alive attach && [ "$process" != "$$" ]; then
        kill -s KILL -- "-$process"
        tries=0
        while kill -s 0 -- "-$process" && [ "$tries" -lt 50 ]; do
            sleep 0.02 || sleep 1
            tries=$((tries + 1))
        done
    fi 2>/dev/null
    sign attach
}

# Copies the log to stdout from offset $1, for ever. GNU tail is woken by inotify, and looks as often as it is told on file
# systems where it does not trust that (overlays); others look once in 50 ms.
follow() {
    case $(tail --version 2>/dev/null) in
        *GNU*) exec tail -s 0.02 -c "+$(($1 + 1))" -f output ;;
    esac
    at=$1
    while :; do
        end=$(wc -c <output)
        if [ "$end" -gt "$at" ]; then
            tail -c "+$((at + 1))" output | head -c "$((end - at))" || exit
            at=$end
        else
            sleep 0.05 || sleep 1
        fi
    done
}

# Uploads go by BLOB:UPLOAD. Equal archives have one blob, so what is said of one upload may still be under way when the next
# one of the same blob begins: it must be taken neither for the next one here, nor its answer there. Sets `blob`, `upload`.
is_current() {
    blob=${1%%:*} upload=${1#*:} current=''
    { read -r current <"blobs/$blob.upload"; } 2>/dev/null
    [ "$current" = "$upload" ]
}

put() { # BLOB:UPLOAD OFFSET LENGTH
    if ! is_current "$1"; then
        # Not to be taken for stored: its upload is over, or `have` has answered that nothing is needed.
        drain "$3"
        return
    fi
    if [ -e "blobs/$blob.ready" ]; then
        drain "$3"
    elif ! said=$(dd of="blobs/$blob" bs=65536 count="$3" iflag=fullblock,count_bytes oflag=seek_bytes seek="$2" conv=notrunc 2>&1); then
        # What dd has not read must not be taken for what comes next.
        blocks=${said%%+*} blocks=${blocks##*[!0-9]}
        case $said in *"+1 records in"*) ;; *) drain "$(($3 - ${blocks:-0} * 65536))" ;; esac
        # What is there of it is of no use, and the room is needed.
        rm -f "blobs/$blob" "blobs/$blob.mark"
        answer "failed $1 cannot write to $state/blobs: is the disk full?"
        return
    fi
    answer "stored $1 $2"
}

have() { # BLOB:UPLOAD
    is_current "$1"
    there=0 finished=''
    { read -r there <"blobs/$blob.mark"; } 2>/dev/null
    { read -r finished <"blobs/$blob.done"; } 2>/dev/null
    if [ -e "blobs/$blob.ready" ]; then
        printf '%s\n' "$upload" >"blobs/$blob.done"
        answer "committed $1 $(wc -c <"blobs/$blob.ready")"
    elif [ "$finished" = "$upload" ]; then
        # The step that it was for has used it up before the client heard that it was complete.
        answer "committed $1"
    else
        printf '%s\n' "$upload" >"blobs/$blob.upload"
        answer "have $1 $there"
    fi
}

commit() { # BLOB:UPLOAD SIZE DIGEST, which the step that uses the upload checks
    # `have` has answered already for one that was complete without it.
    is_current "$1" || return 0
    if [ ! -e "blobs/$blob.ready" ]; then
        : >>"blobs/$blob"
        size=$(wc -c <"blobs/$blob")
        if [ "$size" != "$2" ]; then
            answer "failed $1 has $size bytes instead of $2"
            return
        fi
        rm -f "blobs/$blob.mark"
        printf '%s\n' "$upload" >"blobs/$blob.done" && printf '%s\n' "$3" >"blobs/$blob.sha256" && mv -f "blobs/$blob" "blobs/$blob.ready" || {
            answer "failed $1 cannot write to $state/blobs: is the disk full?"
            return
        }
    fi
    printf '\n' >&7
    answer "committed $1"
}

# A further connection of the same client, which carries uploads only. The journal and the bell are not its business.
carry() { # MARKER
    umask 077
    cd "$state" || exit
    exec 3>&2 2>>errors
    answer "$1 hello $version"
    while read -r verb one two _ length; do
        case $verb in
            put) put "$one" "$two" "$length" ;;
            ping) answer "pong" ;;
            *) exit ;;
        esac
    done
}

# A link that breaks cuts a payload off, which is no error for dd: what is not whole must not be used.
whole() { [ "$1" != take ] || [ "$(wc -c <"$2")" -eq "$3" ] || exit 0; }

# The boot that a step wants to end, when that is the journal's last word.
declared_restart() {
    tail -n 1 journal | {
        read -r what _ _ left
        [ "$what" != restarting ] || printf '%s\n' "$left"
    }
}

# After a restart: whether it is the one that a step has declared, the journal's last word in the boot before this one.
# Then the build goes on here. Anything else is for the client to refuse: what the last seconds did may be lost.
adopt_boot() {
    declared=$(declared_restart)
    [ -n "$declared" ] && [ "$declared" = "$latest" ] || return 0
    rm -f executor current collector
    printf '%s\n' "$boot" >>boot
    sync boot
    boots=$boots,$boot latest=$boot
}

# While the machine goes down, nobody may start an executor that would find the step's end missing.
goes_down() { [ "$(declared_restart)" = "$boot" ]; }

queue_step() { # take|take_lines ID FLAGS BLOB LENGTH
    reader=$1
    shift
    case $queued in
        *" $1 "*) "$reader" "$4" >/dev/null ;;
        *)
            if "$reader" "$4" >"steps/$1" && whole "$reader" "steps/$1" "$4" \
                && printf 'step %s %s %s\n' "$1" "$2" "$3" >>queue; then
                queued="$queued$1 "
                printf '\n' >&7
            else
                answer "error cannot write to $state: is the disk full?"
                exit 1
            fi
            ;;
    esac
    answer "queued $1"
}

attach() { # MARKER OFFSET, where `end` means: what is written from now on
    # As the leader of a process group of its own, so that its successor can end all of it.
    read -r stat </proc/self/stat
    set -- "$@" ${stat##*) }
    # After the two arguments: state, parent, group.
    [ "$5" = "$$" ] || exec setsid $sh "$state/supervisor" attach "$state" "$sh" "$1" "$2"
    marker=$1 from=$2
    umask 077
    cd "$state" || exit
    exec 3>&2 2>>errors
    retire_predecessor
    read -r boot </proc/sys/kernel/random/boot_id
    if [ ! -e secret ]; then
        mkfifo -m 600 bell result
        mkfifo -m 622 sink
        : >>queue
        : >>output
        : >>journal
        printf '%s\n' "$boot" >boot
        dd if=/dev/zero of=ballast bs=65536 count=1 2>/dev/null
        read -r secret </proc/sys/kernel/random/uuid
        printf '%s\n' "$secret" >secret
        # A crash soon after must be told from a new machine.
        sync secret boot
    fi
    read -r secret <secret
    # Before the journal is told: what ends meanwhile is told twice, but never not at all.
    [ "$from" != end ] || from=$(wc -c <output)
    boots='' latest=lost
    while read -r latest; do boots=$boots${boots:+,}$latest; done <boot
    [ -n "$boots" ] || boots=lost
    latest=${boots##*,}
    [ "$boot" = "$latest" ] || adopt_boot
    exec 7<>bell
    queued=' '
    while read -r _ id _; do queued="$queued$id "; done <queue
    if [ "$boot" = "$latest" ] && ! goes_down; then start_executor; fi
    answer "$marker hello $version $boot $boots $((from))"
    while read -r line; do answer "journal $line"; done <journal
    answer "ready"
    printf '%s %s %s\n' "$marker" "$secret" "$((from))"
    follow "$((from))" &
    follower=$!
    trap 'kill "$follower" 2>/dev/null' EXIT
    while read -r verb one two three length; do
        case $verb in
            step) queue_step take "$one" "$two" "$three" "$length" ;;
            lines) queue_step take_lines "$one" "$two" "$three" "$length" ;;
            put) put "$one" "$two" "$length" ;;
            commit) commit "$one" "$two" "$three" ;;
            have) have "$one" ;;
            mark) ! is_current "$one" || printf '%s\n' "$two" >"blobs/$blob.mark" ;;
            discard) ! is_current "$one" || rm -f "blobs/$blob" "blobs/$blob."* ;;
            ack) fallocate --punch-hole --offset 0 --length "$one" output ;;
            ping)
                # An executor that was killed has told nobody. One that has just been started has not signed yet.
                if [ -s executor ] && ! alive executor && [ "$boot" = "$latest" ] && ! goes_down; then
                    rm -f executor
                    start_executor
                fi
                # After so long a silence there is nothing in the log that the client has not seen. What the journal
                # has beyond it was lost to a full disk.
                tail -n 2 journal | while read -r line; do answer "late $line"; done
                answer "pong $one"
                ;;
            hold)
                : >held
                printf '\n' >&7
                ;;
            cancel)
                : >cancelled
                printf '\n' >&7
                setsid -f $sh "$state/supervisor" cancel "$state" "$sh" </dev/null >/dev/null 2>&1 3>&- 7>&-
                ;;
            resume)
                case $queued in
                    *" $one "*) ;;
                    *)
                        printf 'resume %s\n' "$one" >>queue
                        queued="$queued$one "
                        printf '\n' >&7
                        ;;
                esac
                answer "queued $one"
                ;;
            remove)
                stop_executor
                kill "$follower"
                cd / && rm -rf -- "$state"
                answer "removed"
                exit 0
                ;;
            *) answer "error unknown verb $verb" ;;
        esac
    done
    exit 0
}

unit=${state##*/}
case $role in
    attach) shift 3; attach "$@" ;;
    execute) isolation=$4; execute ;;
    cancel) cancel ;;
    expire) expire "$4" "$5" ;;
    carry) carry "$4" ;;
esac
