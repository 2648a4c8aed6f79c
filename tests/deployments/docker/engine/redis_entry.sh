#!/bin/sh
# As the official image: the command in the data folder, reachable from the other containers.
set -eu
mkdir -p /data && cd /data
exec "$@" --protected-mode no
