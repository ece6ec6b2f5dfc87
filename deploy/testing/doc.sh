#!/bin/sh
# Every folder with Go code tells in a doc.go what it promises.
set -eu
cd "$(dirname "$0")/../.."
missing=$(git ls-files '*.go' | grep -v '/testdata/' | xargs -n 1 dirname | sort -u | while read -r d; do
	[ -f "$d/doc.go" ] || echo "$d"
done)
[ -z "$missing" ] || {
	echo "no doc.go in: $missing" >&2
	exit 1
}
