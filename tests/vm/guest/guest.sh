#!/bin/sh
# What the test machine does: each line of /halfgig/commands as root, and again as a plain user. A line at the end of
# each says how it went, for who reads the console.
cd /halfgig/project || exit 1
runtime=/run/user/1000
as_root() { env HOME=/root "$@"; }
# As a terminal of that user would run it: in a scope of the user's own manager.
as_user() {
    runuser -u tester -- env HOME=/home/tester XDG_RUNTIME_DIR=$runtime DBUS_SESSION_BUS_ADDRESS=unix:path=$runtime/bus \
        PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8 \
        systemd-run --user --scope --quiet --collect -p Delegate=yes "$@"
}
# As if installed: a target gets no variable of the harness, so PYTHONPATH would not reach it.
packages=$(python3 -c 'import site; print(site.getsitepackages()[0])')
mkdir -p "$packages" && printf '/halfgig/site\n/halfgig/project\n' >"$packages/halfgig.pth"
export PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8
echo "HALFGIG kernel $(uname -r), $(systemctl --version | head -1), cgroup $(stat -fc %T /sys/fs/cgroup)"
for _ in $(seq 100); do [ -S $runtime/bus ] && break; sleep 0.2; done
while read -r who label command; do
    echo "HALFGIG begin $who $label"
    "as_$who" sh -c "$command" </dev/null
    echo "HALFGIG end $who $label $?"
done </halfgig/commands
sync
