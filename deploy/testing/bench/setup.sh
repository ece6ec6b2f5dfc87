#!/bin/sh
# Installs what `make bench` compares with: Debian's OCRmyPDF and the cleaner
# that its best flags call. Does nothing, and needs no rights, where both are
# there. Other systems: install the like by hand.
set -eu
missing=""
for p in ocrmypdf unpaper; do
	command -v "$p" >/dev/null || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
as_root=""
if [ "$(id -u)" -ne 0 ]; then
	as_root="sudo"
fi
command -v apt-get >/dev/null && { [ -z "$as_root" ] || command -v sudo >/dev/null; } || {
	echo "please install:$missing" >&2
	exit 1
}
echo "installing:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
