#!/bin/sh
# Scans the stack in the feeder of a network scanner (eSCL or WSD, by sane-airscan)
# and lays it into the hot folder as one TIFF: all of it or nothing.
#
#   deploy/scan.sh FOLDER [DEVICE]
#
# FOLDER is a subfolder of the inbox. DEVICE is a name that `scanimage -L` gives;
# without it, the only device there is. SCAN_SOURCE, SCAN_MODE and SCAN_DPI say how;
# `scanimage -d DEVICE -A` names what the device knows. Needs the Debian packages
# sane-utils, sane-airscan and libtiff-tools.
set -eu

[ $# -ge 1 ] && [ -d "$1" ] || {
	echo "scan.sh: welcher Ordner? / which folder?" >&2
	exit 1
}
folder=$1
device=${2:-}

# Hidden names are passed over by the inbox, and a move within a file system is at once.
work=$(mktemp -d "$folder/.scan.XXXXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

status=0
scanimage ${device:+"--device-name=$device"} \
	--source "${SCAN_SOURCE:-ADF Duplex}" --mode "${SCAN_MODE:-Color}" --resolution "${SCAN_DPI:-300}" \
	--format=tiff --batch="$work/page-%06d.tif" >&2 || status=$?
set -- "$work"/page-*.tif
[ -e "$1" ] || {
	echo "scan.sh: kein Blatt im Einzug? / no sheet in the feeder?" >&2
	exit 1
}
# 7 is what scanners say when the feeder is empty, which is the end of a stack.
[ "$status" -eq 0 ] || [ "$status" -eq 7 ] || {
	echo "scan.sh: nach $# Seiten abgebrochen; bitte den ganzen Stapel noch einmal. / broke off after $# pages; please scan the whole stack again." >&2
	exit 1
}
tiffcp "$@" "$work/stack.tif"
sync "$work/stack.tif"
name=$(date +%Y-%m-%d-%H%M%S)-$$.tif
mv -n "$work/stack.tif" "$folder/$name"
[ ! -e "$work/stack.tif" ] || {
	echo "scan.sh: $name gibt es schon. / $name is there already." >&2
	exit 1
}
echo "$name: $#"
