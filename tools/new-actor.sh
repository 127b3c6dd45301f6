#!/bin/sh
# Makes a new actor from tools/new-actor: its folder under actors/ and its lines in ramdisk/system.toml.
# What it makes builds, is started at the next `make run`, and has a test. It overwrites nothing.
#
#   tools/new-actor.sh NAME     a lower-case Rust identifier: package, folder and module share it
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "new-actor: $*" >&2
    exit 1
}

name=${1:-}
case $name in
    "") fail "a name, please: make new-actor NAME=x" ;;
    *[!a-z0-9_]* | [!a-z]*) fail "$name is no name: a lower-case letter, then letters, digits and _" ;;
esac
[ ! -e "actors/$name" ] || fail "actors/$name is there already"
! grep -q "^name = \"$name\"\$" ramdisk/system.toml || fail "ramdisk/system.toml has an actor $name already"

fill() {
    sed "s/@NAME@/$name/g" "tools/new-actor/$1.in"
}

mkdir -p "actors/$name/src"
fill Cargo.toml >"actors/$name/Cargo.toml"
fill lib.rs >"actors/$name/src/lib.rs"
fill system.toml >>ramdisk/system.toml
echo "new-actor: actors/$name and its lines in ramdisk/system.toml; its test: cargo test -p $name"
