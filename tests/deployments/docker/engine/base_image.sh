#!/bin/sh
# Stands in for Docker's official Python image where no registry can be reached: Debian's packages and a Python of this
# machine, under the official image's name.
# Usage: base_image.sh TAG PREFIX     TAG as in python:TAG; PREFIX is where that Python is installed, as sys.base_prefix says
set -eu
tag=$1 prefix=$2
libraries=ca-certificates,libssl3,libsqlite3-0,libffi8,libbz2-1.0,liblzma5,libreadline8,libncursesw6,zlib1g,libuuid1,libexpat1
libraries=$libraries,netbase,tzdata
put_python='mkdir -p "$1/usr/local"; cd "$PREFIX"; tar -c --exclude=__pycache__ --exclude=test --exclude=./share \
  --exclude="site-packages/[!p]*" --exclude="site-packages/p[!i]*" . | tar -x -C "$1/usr/local"'
name_python='for name in python python3; do ln -sf "$(cd "$1/usr/local/bin" && ls python3.[0-9]* | grep -v config | head -n 1)" "$1/usr/local/bin/$name"; done'
# What this machine trusts, and where its pip looks, holds for the build as well.
trust='cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"; for file in /etc/pip.conf; do [ ! -f "$file" ] || cp "$file" "$1/etc/"; done'
PREFIX=$prefix mmdebstrap --quiet --variant=minbase --include="$libraries" \
  --customize-hook="$put_python" --customize-hook="$name_python" --customize-hook='chroot "$1" ldconfig' \
  --customize-hook="$trust" \
  --customize-hook='printf "#!/bin/sh\nexec python -m pip \"\$@\"\n" > "$1/usr/local/bin/pip"; chmod 755 "$1/usr/local/bin/pip"' \
  bookworm - |
  "${DOCKER:-docker}" import --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' --change 'CMD ["python3"]' --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' - "python:$tag"
