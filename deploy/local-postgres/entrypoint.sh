#!/bin/sh
# Makes the database at the first start, as the image whose name it bears does, and then becomes Postgres.
set -eu
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    password=$(mktemp)
    printf '%s' "${POSTGRES_PASSWORD:?a password for the new database}" >"$password"
    initdb --pgdata="$PGDATA" --username="$user" --pwfile="$password" --auth=scram-sha-256 --encoding=UTF8 --locale=C
    rm -f "$password"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    if [ "$database" != postgres ]; then
        pg_ctl --pgdata="$PGDATA" --options='-c listen_addresses= -k /tmp' --wait start >/dev/null
        PGPASSWORD=$POSTGRES_PASSWORD createdb --host=/tmp --username="$user" "$database"
        pg_ctl --pgdata="$PGDATA" --wait stop >/dev/null
    fi
fi
exec "$@" -k /tmp -c listen_addresses='*'
