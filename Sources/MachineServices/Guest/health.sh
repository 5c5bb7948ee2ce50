#!/bin/sh
# The health of this machine's service, as Docker keeps it for a container.
#
#   replay-health           prints the state, then the last five results
#   replay-health --probe   runs the HEALTHCHECK; replay-app-health.timer does that, as root
#
# Exit status: 0 healthy, 1 unhealthy, 2 starting, 3 the service does not run.
#
# States and times are Docker's (Dockerfile reference, HEALTHCHECK): the state is `starting` until a check succeeds, and
# `unhealthy` after `retries` failures in a row. Failures do not count while the service is starting and in its start period.
# The figures are in milliseconds. A service that is started again is a new one.
# shellcheck shell=sh disable=SC1091,SC2016,SC2154
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
umask 022
service=replay-app.service state=/run/replay-health
. /etc/replay/healthcheck.conf

# Sets `now`: milliseconds since the machine started. The file has two digits after the point.
clock() {
    read -r now _ </proc/uptime
    fraction=${now#*.}
    now=$((${now%.*} * 1000 + (1$fraction - 100) * 10))
}

# Finds out which run of the service counts, when it began, and what is known of it. Fails when there is none.
look() {
    active='' invocation='' since=0
    while IFS='=' read -r name value; do
        case $name in
            ActiveState) active=$value ;;
            InvocationID) invocation=$value ;;
            ActiveEnterTimestampMonotonic) since=$((value / 1000)) ;;
        esac
    done <<END
$(systemctl show -p ActiveState -p InvocationID -p ActiveEnterTimestampMonotonic "$service")
END
    [ "$active" = active ] || return 1
    known='' status=starting failures=0 checks=0
    { read -r known status failures checks <"$state/state"; } 2>/dev/null
    if [ "$known" != "$invocation" ]; then known='' status=starting failures=0 checks=0; fi
}

seconds() { printf '%d.%03d' "$(($1 / 1000))" "$(($1 % 1000))"; }

# Runs the check once and writes down what came of it.
probe() {
    if [ -z "$known" ]; then rm -rf "$state"; fi
    mkdir -p "$state" || exit
    clock
    begun=$now
    # Whatever holds the pipe open after the check has ended is not waited for. Docker keeps 4096 bytes of output.
    {
        timeout --signal=KILL "$(seconds "$timeout")" env -i /usr/local/lib/replay/run /etc/replay/healthcheck </dev/null 2>&1
        printf '%s\n' "$?" >"$state/code"
    } 2>/dev/null | timeout --signal=KILL "$(seconds "$((timeout + 1000))")" sh -c 'head -c 4096 >"$1"; cat >/dev/null' sh "$state/output"
    code=-1
    read -r code <"$state/code"
    clock
    took=$((now - begun))
    if [ "$code" = 137 ] && [ "$took" -ge "$timeout" ]; then
        code=-1
        printf 'Health check exceeded timeout (%ss)\n' "$(seconds "$timeout")" >"$state/output"
    fi
    before=$status
    if [ "$code" = 0 ]; then
        status=healthy failures=0
    elif [ "$status" != starting ] || [ "$((begun - since))" -ge "$start_period" ]; then
        failures=$((failures + 1))
        if [ "$failures" -ge "$retries" ]; then status=unhealthy; fi
    fi
    checks=$((checks + 1))
    {
        printf '%s: exit status %s after %s s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$code" "$(seconds "$took")"
        cat "$state/output"
    } >"$state/result.$checks"
    rm -f "$state/result.$((checks - 5))" "$state/code" "$state/output"
    known=$invocation
    printf '%s %s %s %s\n' "$invocation" "$status" "$failures" "$checks" >"$state/new" && mv -f "$state/new" "$state/state"
    # The number is the priority for the journal: notice.
    [ "$status" = "$before" ] || printf '<5>%s is %s\n' "$service" "$status"
}

if [ "${1:-}" = --probe ]; then
    look || exit 0
    clock
    # A timer that is started again remembers the check before; a service that is started again has its time.
    [ -n "$known" ] || [ "$((now - since))" -ge "$first" ] || exit 0
    while :; do
        probe
        clock
        if [ "$status" != starting ] || [ "$((now - since))" -ge "$start_period" ]; then exit 0; fi
        sleep "$(seconds "$start_interval")"
    done
fi

if ! look; then
    echo stopped
    exit 3
fi
printf '%s\nfailures in a row: %s\n' "$status" "$failures"
number=$((checks > 5 ? checks - 4 : 1))
while [ "$number" -le "$checks" ]; do
    printf '\n'
    cat "$state/result.$number"
    number=$((number + 1))
done
case $status in
    healthy) exit 0 ;;
    unhealthy) exit 1 ;;
    *) exit 2 ;;
esac
