#!/bin/sh
# Runs every fuzz target of the project for a while: fuzz.sh [TIME]
set -eu
cd "$(dirname "$0")/../.."
time=${1:-60s}
grep -rl --include='*_test.go' '^func Fuzz' cmd pipeline storage web workers | xargs -n 1 dirname | sort -u | while read -r dir; do
	for target in $(cat "$dir"/*_test.go | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p'); do
		echo "== $dir $target"
		go test "./$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 5s # else minimising eats the whole time
	done
done
