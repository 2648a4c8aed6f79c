#!/bin/sh
# As the official image: the command is the server's options.
set -eu
exec prometheus "$@"
