#!/usr/bin/env bash
# A Docker Engine of its own, for a machine that has the programs but no service that runs them. Needs root.
#   deploy/engine.sh start   prints the line that makes a shell use it
#   deploy/engine.sh stop    ends it; the images stay in its folder
#   deploy/engine.sh with COMMAND…   runs a command with the engine that there is, or with one of its own
set -euo pipefail

home=${HALFGIG_ENGINE:-/var/tmp/halfgig-engine}
socket=$home/docker.sock
START_S=60
STOP_S=30

alive() { [ -f "$home/docker.pid" ] && kill -0 "$(cat "$home/docker.pid")" 2>/dev/null; }

start() {
    mkdir -p "$home"
    if ! alive; then
        rm -f "$home/docker.pid"
        # A session of its own: Ctrl-C is for the tests, which still need the engine to tidy up.
        setsid dockerd --data-root "$home/data" --exec-root "$home/exec" --pidfile "$home/docker.pid" \
            --host "unix://$socket" </dev/null >"$home/engine.log" 2>&1 &
    fi
    for _ in $(seq $((START_S * 5))); do
        if docker --host "unix://$socket" version >/dev/null 2>&1; then
            echo "export DOCKER_HOST=unix://$socket"
            return
        fi
        sleep 0.2
    done
    echo "the engine did not answer within $START_S s; $home/engine.log ends with:" >&2
    tail -3 "$home/engine.log" >&2
    exit 1
}

stop() {
    alive || return 0
    pid=$(cat "$home/docker.pid")
    kill "$pid"
    for _ in $(seq $((STOP_S * 5))); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.2
    done
    echo "the engine ($pid) did not end within $STOP_S s" >&2
    exit 1
}

with_engine() {
    if ! docker version >/dev/null 2>&1; then
        trap stop EXIT
        start >/dev/null
        export DOCKER_HOST=unix://$socket
    fi
    "$@"
}

case "${1:-}" in
    start) start ;;
    stop) stop ;;
    with) shift; with_engine "$@" ;;
    *) sed -n '2,5p' "$0"; exit 2 ;;
esac
