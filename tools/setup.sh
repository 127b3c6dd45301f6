#!/bin/sh
# Makes sure of the toolchain, QEMU and its firmware; installs what is missing and may be installed;
# says in one line what it found or did; writes the environment of every later step to $BUILD/env.sh.
#
# Which compiler (docs/CONTRIBUTING.md has the reasons):
#   1. the toolchain that rust-toolchain.toml pins, where rustup already has it whole;
#   2. Debian's packages of that very version in /usr/bin;
#   3. what rustup may fetch, unless RUSTUP_AUTO_INSTALL=0: then rustup is asked for nothing;
#   4. Debian's packages, installed with apt-get when root or by a sudo that does not ask.
#
# It never asks and never reads standard input (which belongs to the guest's shell). It changes nothing
# outside $BUILD except by apt-get, by rustup, and for two symlinks that bootloader's build looks for in
# the compiler's own directory. The quiet path starts few programs, because every `make` pays for it.
set -u
exec </dev/null
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-build}
LOG=$BUILD/setup.log
VERSION=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
HOST=x86_64-unknown-linux-gnu
RUST_PACKAGES="rustc-web cargo-web rust-web-src rust-web-llvm lld-22 rustfmt-web rust-web-clippy"
installed=""

# One clear sentence, naming the package, and the end.
fail() {
    echo "setup: $*" >&2
    exit 1
}

# --- what is there -----------------------------------------------------------------------------------

# Whether a compiler's directory $1 has all that the build uses, in the pinned version.
compiler_is_whole() {
    for tool in cargo rustc rustdoc rustfmt cargo-fmt cargo-clippy clippy-driver; do
        [ -x "$1/$tool" ] || return 1
    done
    case $("$1/rustc" --version 2>/dev/null) in "rustc $VERSION "*) ;; *) return 1 ;; esac
    case $("$1/cargo" --version 2>/dev/null) in "cargo $VERSION "*) ;; *) return 1 ;; esac
}

# rustup's copy of the pinned toolchain, found without starting rustup.
use_rustup() {
    root=${RUSTUP_HOME:-${HOME:-/root}/.rustup}/toolchains/$VERSION-$HOST
    compiler_is_whole "$root/bin" || return 1
    [ -e "$root/lib/rustlib/src/rust/library/Cargo.lock" ] || return 1
    [ -d "$root/lib/rustlib/wasm32-unknown-unknown" ] || return 1
    [ -x "$root/lib/rustlib/$HOST/bin/llvm-objcopy" ] || return 1
    BIN=$root/bin SYSROOT=$root WHOSE=rustup
}

# Debian's packages; the linkers are packages of their own.
use_debian() {
    compiler_is_whole /usr/bin || return 1
    [ -e /usr/lib/rustlib/src/rust/library/Cargo.lock ] || return 1
    [ -x /usr/lib/llvm-22/bin/llvm-objcopy ] && [ -x /usr/bin/wasm-ld-22 ] && [ -x /usr/bin/rust-lld ] || return 1
    BIN=/usr/bin SYSROOT=/usr WHOSE=Debian
}

qemu_version() {
    qemu-system-x86_64 --version 2>/dev/null | sed -n '1s/.*version \([0-9.]*\).*/\1/p'
}

# Everything besides the compiler, as the Debian packages that are missing.
missing_packages() {
    command -v qemu-system-x86_64 >/dev/null || echo qemu-system-x86
    [ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] && [ -e /usr/share/OVMF/OVMF_VARS_4M.fd ] || echo ovmf
    if command -v cc >/dev/null; then
        # Without its full path gcc answers the bare name: then the C library's start files are missing.
        case $(cc -print-file-name=crt1.o) in /*) ;; *) echo libc6-dev ;; esac
    else
        echo gcc libc6-dev
    fi
    [ -e "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" ] || echo ca-certificates
}

# --- what can be done about it -----------------------------------------------------------------------

# The word that makes a command root's; fails where there is none that does not ask.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 126
    fi
}

# Installs Debian packages; on failure names them in one sentence.
apt_install() {
    command -v apt-get >/dev/null ||
        fail "this system has no apt-get; install the equivalent of these Debian packages: $*"
    as_root true || fail "missing Debian packages, and neither root nor passwordless sudo to install them: $*"
    echo "setup: installing $* (log in $LOG)" >&2
    apt="env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300"
    as_root $apt update >>"$LOG" 2>&1
    # The list is split on purpose: one word a package.
    as_root $apt install -y --no-install-recommends "$@" >>"$LOG" 2>&1 || {
        tail -n 15 "$LOG" >&2
        fail "apt-get could not install: $*"
    }
    installed="$installed $*"
}

# Lets rustup fetch what rust-toolchain.toml pins, where it may.
fetch_by_rustup() {
    [ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ] && command -v rustup >/dev/null || return 1
    echo "setup: rustup fetches Rust $VERSION (log in $LOG)" >&2
    rustup toolchain install "$VERSION" --profile minimal --no-self-update \
        --component rust-src,llvm-tools,rustfmt,clippy \
        --target wasm32-unknown-unknown,x86_64-unknown-none >>"$LOG" 2>&1 || return 1
    use_rustup && installed="$installed Rust $VERSION by rustup"
}

# bootloader's BIOS stages look for these two beside the compiler's own tools.
link_llvm_tools() {
    [ "$WHOSE" = Debian ] || return 0
    dir=$SYSROOT/lib/rustlib/$HOST/bin
    for tool in llvm-objcopy llvm-objdump; do
        [ -x "$dir/$tool" ] && continue
        as_root mkdir -p "$dir" && as_root ln -sf "/usr/lib/llvm-22/bin/$tool" "$dir/$tool" ||
            fail "cannot link $tool (of package llvm-22) into $dir without root or passwordless sudo"
    done
}

# Written only when it differs, so that nothing looks newer than it is.
write_environment() {
    {
        echo "# Written by tools/setup.sh: the one toolchain of every later step."
        echo "export PATH=\"$BIN:\$PATH\""
        echo "export CARGO=\"$BIN/cargo\" RUSTC=\"$BIN/rustc\" RUSTDOC=\"$BIN/rustdoc\""
        echo "export RUSTC_BOOTSTRAP=1"
        # rustup's compiler brings its own linker for Wasm; Debian's is a package of its own.
        [ "$WHOSE" != Debian ] || echo "export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22"
    } >"$BUILD/env.sh.new"
    if cmp -s "$BUILD/env.sh.new" "$BUILD/env.sh"; then
        rm "$BUILD/env.sh.new"
    else
        mv "$BUILD/env.sh.new" "$BUILD/env.sh"
    fi
}

# --- in order ----------------------------------------------------------------------------------------

mkdir -p "$BUILD" || fail "cannot make the directory $BUILD"
[ "$(uname -sm)" = "Linux x86_64" ] || fail "the build is made for Linux on x86_64, and this is $(uname -sm)"

packages=$(missing_packages)
if ! use_rustup && ! use_debian && ! fetch_by_rustup; then
    packages="$packages $RUST_PACKAGES"
fi
# Split on purpose: one word a package.
[ -z "$packages" ] || apt_install $packages
if [ -z "${WHOSE:-}" ]; then
    use_debian || fail "Debian's packages are in, but they are not Rust $VERSION:" \
        "$(/usr/bin/rustc --version 2>&1 | head -n 1); this needs rustc-web $VERSION"
fi
still=$(missing_packages)
[ -z "$still" ] || fail "these Debian packages are still missing:" $still
qemu=$(qemu_version)
case $qemu in
    [0-6].* | "") fail "QEMU ${qemu:-of unknown version} is too old; 7.0 or newer is needed (package qemu-system-x86)" ;;
esac
link_llvm_tools
write_environment
echo "setup: Rust $VERSION ($WHOSE, $BIN), QEMU $qemu, OVMF${installed:+; installed:$installed}" >&2
