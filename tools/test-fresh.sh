#!/bin/bash
# The newcomer's test: a fresh Debian 12 with only git and make, a clone of what is committed here, and the
# README's two commands. By hand (root; minutes of downloads and an hour on a busy machine):
#
#   tools/test-fresh.sh [COMMAND…]     other commands instead of the two, each run by bash in the clone
#
# The system is a debootstrap chroot in $FRESH_DIR, removed at the end unless KEEP=1; REUSE=1 takes the one
# that is there, with all that was installed and built in it, and only brings the clone up to date (quicker,
# but no longer fresh). Packages come from
# where this machine's apt gets Debian's; so do the certificates that this machine added to its own, as
# they belong to its network and not to Debian. Nothing else of this machine is visible inside. The mounts
# live in a namespace of their own, so they vanish with this script however it ends.
set -euo pipefail

RELEASE=bookworm
DIR=${FRESH_DIR:-/var/tmp/tessera-fresh}
CLONE=/root/tessera
HERE=$(cd "$(dirname "$0")/.." && pwd)

say() { echo "test-fresh: $*"; }
fail() {
    say "$@" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail "needs root, for debootstrap and chroot"
if [ -z "${FRESH_INSIDE:-}" ]; then
    FRESH_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"
fi
command -v debootstrap >/dev/null || { apt-get -q update && apt-get install -qy debootstrap; } >/dev/null

# Debian's sources as this machine's apt knows them: address, release, component.
sources() {
    apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' |
        sed -n "s/^Debian|\(.*\)|\($RELEASE.*\)|\(.*\)\$/\1 \2 \3/p" | sort -u
}

make_system() {
    local mirror
    mirror=$(sources | awk -v release="$RELEASE" '$2 == release { print $1; exit }')
    [ -n "$mirror" ] || fail "this machine's apt knows no Debian $RELEASE"
    rm -rf "$DIR"
    say "a Debian $RELEASE with git and make, in $DIR"
    debootstrap --variant=minbase --include=git,make "$RELEASE" "$DIR" "$mirror" >"$DIR.log" 2>&1 ||
        fail "debootstrap failed; its log is $DIR.log"
    sources | sed 's/^/deb /' >"$DIR/etc/apt/sources.list"
    cp /etc/resolv.conf /etc/hosts "$DIR/etc/"
    mkdir -p "$DIR/usr/local/share/ca-certificates"
    cp /usr/local/share/ca-certificates/*.crt "$DIR/usr/local/share/ca-certificates/" 2>/dev/null || true
    git clone --quiet --no-hardlinks "$HERE" "$DIR$CLONE"
}

mount_system() {
    mount -t proc proc "$DIR/proc"
    mount --bind /dev "$DIR/dev"
}

# Runs one command as the newcomer would, and says how it went.
newcomer() {
    local start=$SECONDS status=0
    say "\$ $1"
    chroot "$DIR" env -i HOME=/root TERM="${TERM:-dumb}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        bash -o pipefail -c "cd $CLONE && $1" || status=$?
    say "status $status after $((SECONDS - start)) s: $1"
    return "$status"
}

[ $# -gt 0 ] || set -- "printf 'help\nshutdown\n' | make run" "make test </dev/null"
if [ "${REUSE:-0}" = 1 ]; then
    git -C "$DIR$CLONE" fetch --quiet "$HERE" HEAD
    git -C "$DIR$CLONE" reset --quiet --hard FETCH_HEAD
    say "not fresh: $DIR as it is, with the clone at $(git -C "$DIR$CLONE" rev-parse --short HEAD)"
else
    make_system
fi
mount_system
bad=0
for command in "$@"; do
    newcomer "$command" || bad=1
done
umount "$DIR/dev" "$DIR/proc"
[ "${KEEP:-0}" = 1 ] || rm -rf "$DIR" "$DIR.log"
[ "$bad" = 0 ] || fail "FAILED"
say "passed"
