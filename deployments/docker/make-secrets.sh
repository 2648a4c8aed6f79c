#!/bin/sh
# Make the files in secrets/ that compose.yaml mounts: random ones where we choose, empty ones for the providers' keys.
# What is there already is left alone. Containers read them as another user, so the folder is what keeps others out.
set -eu
cd "$(dirname "$0")"
umask 022
mkdir -p secrets
chmod 700 secrets

random() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }
plain() { random | tr -d '+/='; }
make() { [ -e "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"; }

make postgres_password "$(plain)"
make prefect_auth "mailroom:$(plain)"
make mailroom_receiver_webhook_secret "whsec_$(random)"
make mailroom_receiver_upload_token "$(plain)"
make grafana_password "$(plain)"
for key in openai_api_key anthropic_api_key gemini_api_key; do make "$key" ""; done
echo "Secrets are in $(pwd)/secrets. Put at least one provider's key into its file there."
