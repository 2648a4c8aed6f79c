#!/bin/sh
# Stand in for the official image of a service where no registry can be reached: Debian's packages, and an entry that
# understands the variables and folders of the official one that compose.yaml uses.
# Usage: service_image.sh postgres|redis|prometheus IMAGE
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case $1 in
  postgres) packages=postgresql-15 ;;
  redis) packages=redis-server ;;
  prometheus) packages=prometheus,wget ;;
esac
mmdebstrap --quiet --variant=minbase --include="$packages" \
  --customize-hook="install -m 755 $here/$1_entry.sh \"\$1/entry\"" \
  --customize-hook='chroot "$1" sh -c "rm -rf /var/lib/postgresql/*/main; mkdir -p /docker-entrypoint-initdb.d /prometheus"' \
  bookworm - |
  "${DOCKER:-docker}" import --change 'ENTRYPOINT ["/entry"]' \
    --change "ENV PATH=/usr/lib/postgresql/15/bin:/usr/sbin:/usr/bin:/sbin:/bin" - "$2"
