#!/bin/sh
# Print the include path of Python's C headers where the compiler would not find them: headers.sh VENV
# Debian keeps them in a package of their own. Without root it cannot be installed, but it can be unpacked in VENV.
set -eu
venv=$1
include=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
if [ -f "$include/Python.h" ]; then exit 0; fi
version=${include##*/}
headers=$(cd "$venv" && pwd)/headers
if [ ! -d "$headers/usr" ] && command -v apt-get dpkg > /dev/null; then
    mkdir -p "$headers"
    (cd "$headers" && apt-get download -qq "lib$version-dev" && dpkg -x ./*.deb .) >&2 || true
fi
if [ -d "$headers/usr" ]; then echo "$headers/usr/include/$version:$headers/usr/include"; fi
