#!/bin/sh
# Stand in for the official images of PostgreSQL and Redis where no registry can be reached: Debian's packages, and an
# entry that understands the variables and folders of the official ones that compose.yaml uses.
# Usage: service_images.sh POSTGRES_IMAGE REDIS_IMAGE
set -eu
here=$(cd "$(dirname "$0")" && pwd)
made() {  # IMAGE PACKAGES ENTRY
  mmdebstrap --quiet --variant=minbase --include="$2" --customize-hook="install -m 755 $here/$3 \"\$1/entry\"" \
    --customize-hook='chroot "$1" sh -c "rm -rf /var/lib/postgresql/*/main; mkdir -p /docker-entrypoint-initdb.d"' \
    bookworm - "deb http://deb.debian.org/debian bookworm main" |
    docker import --change 'ENTRYPOINT ["/entry"]' --change "ENV PATH=/usr/lib/postgresql/15/bin:/usr/sbin:/usr/bin:/sbin:/bin" - "$1"
}
made "$1" postgresql-15 postgres_entry.sh
made "$2" redis-server redis_entry.sh
