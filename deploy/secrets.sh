#!/bin/sh
# Makes the secrets that compose.yaml names, in the folder "secrets" beside this
# script or in the folder given. What is there already stays as it is.
set -eu

dir=${1:-$(dirname "$0")/secrets}
mkdir -p "$dir"
chmod 700 "$dir" # the files themselves are readable, since the containers' user reads them

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

keep() { # keep NAME VALUE
	[ -s "$dir/$1" ] && return
	printf '%s\n' "$2" >"$dir/$1"
	chmod 444 "$dir/$1"
}

keep password "$(random)"
keep postgres_password "$(random)"
keep s3_access_key blattwerk
keep s3_secret_key "$(random)"
keep database_url "postgres://blattwerk:$(cat "$dir/postgres_password")@postgres:5432/blattwerk?sslmode=disable"
keep s3.env "ROOT_ACCESS_KEY=$(cat "$dir/s3_access_key")
ROOT_SECRET_KEY=$(cat "$dir/s3_secret_key")"

echo "The secrets are in $dir. The password of the web page is in $dir/password."
