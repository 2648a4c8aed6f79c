#!/bin/sh
# What every container starts with: a variable NAME_FILE that names a mounted secret becomes NAME, holding its text; then
# the command takes this shell's place. Other variables that end so (MAILROOM_RULES_FILE) name files that are meant.
set -eu
mounted="${MAILROOM_SECRETS_DIR:-/run/secrets}"
for name in $(env | sed -n 's/^\([A-Z][A-Z0-9_]*\)_FILE=.*$/\1/p'); do
  eval "file=\${${name}_FILE:-}"
  case "$file" in
    "$mounted"/*) ;;
    *) continue ;;
  esac
  if [ ! -r "$file" ]; then
    echo "mailroom: ${name}_FILE names $file, which is not there or may not be read. Mount that secret." >&2
    exit 2
  fi
  value="$(cat "$file")"
  export "$name=$value"
  unset "${name}_FILE"
done
exec "$@"
