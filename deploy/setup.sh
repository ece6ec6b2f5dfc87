#!/bin/sh
# Installs Debian packages that are missing: what the program needs to build and
# run (run), and besides, what the tests need (test). Does nothing, and needs no
# rights, where all are there. Other systems: install the like by hand.
set -eu

build="gcc g++ libc6-dev pkg-config libtesseract-dev libleptonica-dev libtiff-dev libpng-dev libopenjp2-7-dev libjpeg62-turbo-dev libzxing-dev"
run="libzxing2 tesseract-ocr tesseract-ocr-deu tesseract-ocr-eng tesseract-ocr-osd poppler-utils ghostscript qpdf libheif-examples fonts-liberation ca-certificates"
test="redis-server postgresql chromium imagemagick jq systemd default-jre-headless maven procps curl python3 libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"

case "${1:-run}" in
run) want="$build $run" ;;
test) want="$build $run $test" ;;
list) echo "$run" && exit ;;
*) echo "usage: $0 run|test|list" >&2 && exit 2 ;;
esac

command -v dpkg-query >/dev/null || {
	echo "not a Debian system: please install by hand what is missing of: $want" >&2
	exit 0
}

missing=""
for p in $want; do
	dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing="$missing $p"
done
# Java and Maven from elsewhere are as good.
command -v java >/dev/null && missing=$(echo "$missing" | sed 's/ default-jre-headless//')
command -v mvn >/dev/null && missing=$(echo "$missing" | sed 's/ maven//')
[ -n "$(echo "$missing" | tr -d ' ')" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "please install as root: apt-get install$missing" >&2
		exit 1
	}
	as_root="sudo"
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
