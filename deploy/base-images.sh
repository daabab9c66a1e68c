#!/usr/bin/env bash
# Makes the base images that the Dockerfile and docker-compose.yml name, under those very names, where none can be
# pulled: Debian by debootstrap, Postgres with pgvector from the wheel that the harness uses. Needs root and an engine.
#   deploy/base-images.sh [python] [postgres]      (both without an argument)
set -euo pipefail
cd "$(dirname "$0")"

PYTHON_IMAGE=python:3.11-slim-bookworm
POSTGRES_IMAGE=pgvector/pgvector:pg18
PULL_S=120
work=$(mktemp -d /var/tmp/halfgig-base.XXXXXX)
trap 'rm -rf "$work"' EXIT

present() { docker image inspect "$1" >/dev/null 2>&1; }
pulled() { timeout "$PULL_S" docker pull --quiet "$1" >/dev/null 2>&1; }

# pip's own settings, less what are paths of this machine, so that a build finds packages as this machine does.
pip_settings() {
    echo '[global]'
    python3 -m pip config list 2>/dev/null |
        sed -nE "s/^(global|:env:)\.(index-url|trusted-host|timeout|default-timeout)='(.*)'$/\2 = \3/p" |
        sed 's/^default-timeout/timeout/' | sort -u -k1,1
}

make_python() {
    root=$work/python
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv,python3-pip bookworm "$root" \
        >"$work/debootstrap.log" 2>&1 || { tail -5 "$work/debootstrap.log" >&2; exit 1; }
    ln -s python3 "$root/usr/bin/python"
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/*
    # This machine's certificates, since what it reaches the registry through may have one of its own.
    cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$root/etc/ssl/certs/ca-certificates.crt"
    pip_settings >"$root/etc/pip.conf"
    tar -C "$root" -c . | docker import \
        -c 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_BREAK_SYSTEM_PACKAGES=1' - "$PYTHON_IMAGE" >/dev/null
}

make_postgres() {
    present "$PYTHON_IMAGE" || { echo "make the python image first" >&2; exit 1; }
    programs=$("${HALFGIG_PYTHON:-../.venv/bin/python}" -c \
        'from harness.dependencies.postgres_engine import locate_engine; print(locate_engine().bin_dir)')
    installed=$(dirname "$programs")
    package=$(dirname "$installed")
    mkdir -p "$work/postgres/site/pgsql"
    cp -r "$installed" "$work/postgres/site/pgsql/install"
    # The libraries lie beside the package, where its programs look for them.
    cp -r "$package.libs" "$work/postgres/site/"
    cp local-postgres/Dockerfile local-postgres/entrypoint.sh "$work/postgres/"
    DOCKER_BUILDKIT=0 docker build --quiet --tag "$POSTGRES_IMAGE" "$work/postgres" >/dev/null 2>"$work/build.log" ||
        { tail -5 "$work/build.log" >&2; exit 1; }
}

one() {
    name=$1 image=$2
    if present "$image"; then
        echo "$image: is there"
    elif pulled "$image"; then
        echo "$image: pulled"
    else
        "make_$name"
        echo "$image: made here"
    fi
}

[ $# -gt 0 ] || set -- python postgres
for name in "$@"; do
    case "$name" in
        python) one python "$PYTHON_IMAGE" ;;
        postgres) one postgres "$POSTGRES_IMAGE" ;;
        *) sed -n '2,4p' "$0"; exit 2 ;;
    esac
done
