#!/bin/sh
# Makes a working actor from tools/template: actors/NAME with source and tests, and its lines in
# ramdisk/system.toml. Usage: tools/new-actor.sh NAME
set -eu
cd "$(dirname "$0")/.."
name=${1:-}
case $name in
'' | [!a-z]* | *[!a-z0-9_]*)
    echo "new-actor: NAME is small letters, digits and _, beginning with a letter: make new-actor NAME=x" >&2
    exit 2
    ;;
esac
if [ "${#name}" -gt 32 ]; then
    echo "new-actor: NAME is longer than 32 letters" >&2
    exit 2
fi
if [ -e "actors/$name" ] || grep -q "^name = \"$name\"" ramdisk/system.toml; then
    echo "new-actor: there is an actor $name already" >&2
    exit 1
fi
mkdir -p "actors/$name/src"
sed "s/@NAME@/$name/g" tools/template/Cargo.toml.in >"actors/$name/Cargo.toml"
sed "s/@NAME@/$name/g" tools/template/src/lib.rs.in >"actors/$name/src/lib.rs"
sed "s/@NAME@/$name/g" tools/template/system.toml.in >>ramdisk/system.toml
echo "actors/$name is made and wired; try: make test, then make run and \`caps $name\`"
