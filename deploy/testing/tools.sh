#!/bin/sh
# Puts the programs that only tests and lint need into .cache/tools, each pinned:
# the S3 server, the PDF/A referee and the linters. Does nothing for those that
# are there already.
set -eu
cd "$(dirname "$0")/../.."
tools="$PWD/.cache/tools"
mkdir -p "$tools"

# go_tool NAME MODULE@VERSION builds a Go program outside our own go.mod, so that
# its dependencies (and its licence) stay out of ours.
go_tool() {
	[ -x "$tools/$1" ] && [ "$(cat "$tools/$1.version" 2>/dev/null)" = "$2" ] && return
	echo "building $2"
	(cd / && GOFLAGS= GOBIN="$tools" go install "$2")
	echo "$2" >"$tools/$1.version"
}

verapdf() {
	version=$(sed -n 's:.*<version>\([0-9.]*[0-9]\.[0-9]*\)</version>.*:\1:p' deploy/testing/verapdf.pom.xml | tail -n 1)
	[ -x "$tools/verapdf" ] && [ "$(cat "$tools/verapdf.version" 2>/dev/null)" = "$version" ] && return
	echo "fetching veraPDF $version"
	rm -rf "$tools/verapdf-lib"
	mvn -q -B -f deploy/testing/verapdf.pom.xml \
		org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
		-DoutputDirectory="$tools/verapdf-lib"
	cat >"$tools/verapdf" <<'SH'
#!/bin/sh
lib="$(dirname "$(readlink -f "$0")")/verapdf-lib"
exec java -Xshare:auto -XX:TieredStopAtLevel=1 -Djava.awt.headless=true -cp "$lib/*" org.verapdf.apps.GreenfieldCliWrapper "$@"
SH
	chmod +x "$tools/verapdf"
	echo "$version" >"$tools/verapdf.version"
}

# axe-core judges the accessibility of the web pages. Its makers publish it as a
# Java archive, too, so that Maven, which the referee needs anyway, can fetch it.
axe() {
	version=4.11.1
	[ -s "$tools/axe.min.js" ] && [ "$(cat "$tools/axe.version" 2>/dev/null)" = "$version" ] && return
	echo "fetching axe-core $version"
	mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
		-Dartifact="com.deque.html.axe-core:selenium:$version" -DoutputDirectory="$tools/axe-lib"
	(cd "$tools" && jar_extract "axe-lib/selenium-$version.jar" axe.min.js)
	echo "$version" >"$tools/axe.version"
}

# jar_extract ARCHIVE FILE takes one file out of a Java archive. Not every machine
# has unzip or a full Java kit.
jar_extract() {
	python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2])' "$1" "$2"
}

for want in "$@"; do
	case $want in
	versitygw) go_tool versitygw github.com/versity/versitygw/cmd/versitygw@v1.8.0 ;;
	staticcheck) go_tool staticcheck honnef.co/go/tools/cmd/staticcheck@v0.8.2 ;;
	depguard) go_tool depguard github.com/OpenPeeDeeP/depguard/v2/cmd/depguard@v2.3.0 ;;
	go-licenses) go_tool go-licenses github.com/google/go-licenses@v1.6.0 ;;
	verapdf) verapdf ;;
	axe) axe ;;
	*) echo "unknown tool $want" >&2 && exit 2 ;;
	esac
done
