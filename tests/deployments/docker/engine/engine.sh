#!/bin/sh
# Start a Docker engine of one's own in FOLDER, on a Debian that has none: the engine from the system's release, Compose and
# buildx as plugins from the next one, as bookworm has neither. Needs root. Safe to run again.
# Usage: engine.sh FOLDER     then: DOCKER_HOST=unix://FOLDER/docker.sock DOCKER_CONFIG=FOLDER/config
set -eu
folder=$1
plugins=$folder/config/cli-plugins
mkdir -p "$plugins" "$folder/lists/partial" "$folder/packages"

if [ ! -x /usr/sbin/dockerd ] || ! command -v iptables mmdebstrap >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables mmdebstrap >/dev/null
fi

if [ ! -x "$plugins/docker-compose" ]; then
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" > "$folder/trixie.list"
  trixie="-o Dir::Etc::SourceList=$folder/trixie.list -o Dir::Etc::SourceParts=- -o Dir::State::Lists=$folder/lists \
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root"
  # shellcheck disable=SC2086  # words that are meant to be split
  (cd "$folder/packages" && apt-get -qq $trixie update && apt-get -qq $trixie download docker-compose docker-buildx)
  for package in "$folder"/packages/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$plugins" --strip-components=5 --wildcards './usr/libexec/docker/cli-plugins/docker-*'
  done
fi

export DOCKER_HOST="unix://$folder/docker.sock"
answers() { /usr/bin/docker version >/dev/null 2>&1; }
if ! answers; then
  nohup dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/docker.pid" -H "$DOCKER_HOST" \
    </dev/null >"$folder/dockerd.log" 2>&1 &
  for _ in $(seq 60); do
    if answers; then break; fi
    sleep 1
  done
fi
answers || { echo "The engine did not start:" >&2; tail -n 5 "$folder/dockerd.log" >&2; exit 1; }
