# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by scripts with long steps: `step TITLE LOG COMMAND...` runs a command with its output in
# a log. A terminal shows meanwhile how long it has taken and what it said last; other readers get
# one line. A command that fails is followed by the end of its log, and ends the script.
step_ticker=

step() {
    local title=$1 log=$2 begin=$SECONDS rc=0
    shift 2
    if [ -t 1 ]; then
        step_tick "$title" "$log" &
        step_ticker=$!
        trap step_ticker_stop EXIT
    fi
    "$@" >"$log" 2>&1 </dev/null || rc=$?
    step_ticker_stop
    if [ "$rc" != 0 ]; then
        tail -n 25 "$log" >&2
        echo "$title: failed with status $rc; all of it is in $log" >&2
        exit 1
    fi
    echo "$title: $((SECONDS - begin)) s"
}

step_tick() {
    local begin=$SECONDS size= last
    { size=$(stty size <&3 2>/dev/null) || true; } 3>&1
    while :; do
        last=$(tail -n 1 "$2" 2>/dev/null | tr '\r' '\n' | tail -n 1 | tr -cd '[:print:]') || true
        last="$1: $((SECONDS - begin)) s  $last"
        size=${size:-25 80}
        printf '\r\e[K%s' "${last:0:$((${size#* } - 1))}"
        sleep 1
    done
}

step_ticker_stop() {
    [ "$step_ticker" ] || return 0
    kill "$step_ticker" 2>/dev/null || true
    wait "$step_ticker" 2>/dev/null || true
    step_ticker=
    printf '\r\e[K'
}
