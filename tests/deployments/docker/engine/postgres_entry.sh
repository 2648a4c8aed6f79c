#!/bin/sh
# What the official image's entry does with the variables that compose.yaml sets.
set -eu
data=/var/lib/postgresql/data
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
mkdir -p "$data" /run/postgresql && chown postgres:postgres "$data" /run/postgresql && chmod 700 "$data"
if [ ! -s "$data/PG_VERSION" ]; then
  cat "$POSTGRES_PASSWORD_FILE" > /run/password && chown postgres /run/password
  as_postgres initdb --username="$POSTGRES_USER" --pwfile=/run/password --encoding=UTF8 --locale=C.UTF-8 "$data" >/dev/null
  printf 'host all all all scram-sha-256\n' >> "$data/pg_hba.conf"
  as_postgres pg_ctl -D "$data" -o "-c listen_addresses=''" -w start >/dev/null
  as_postgres psql -q -U "$POSTGRES_USER" -d postgres -c "CREATE DATABASE \"$POSTGRES_DB\""
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ ! -f "$file" ] || as_postgres psql -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f "$file"
  done
  as_postgres pg_ctl -D "$data" -w stop >/dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -D "$data" -c listen_addresses='*'
