#!/bin/bash
# What a cargo feature of tinywasm is worth: builds the engine's option bench without and with it, and runs
# the two in turns, so that a slow moment of the machine hits both. Compare the `min` and `median` columns.
#
#   tools/bench-features.sh [FEATURE [TURNS]]      nightly-tail-calls, 3
set -euo pipefail
cd "$(dirname "$0")/.."

FEATURE=${1:-nightly-tail-calls}
TURNS=${2:-3}
BUILD=${BUILD:-build}
. "$BUILD/env.sh"
mkdir -p "$BUILD/bench"

# Builds the bench with the flags $2… and keeps its program as $1.
keep() {
    local name=$1
    shift
    cargo bench --ignore-rust-version -p tessera-wasm --bench options --no-run --message-format=json "$@" </dev/null |
        sed -n 's/.*"name":"options".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1 | xargs -I{} cp {} "$BUILD/bench/$name"
}

# Without default features, because the product has one of tinywasm's on.
keep options-without --no-default-features
keep options-with --no-default-features --features "tinywasm/$FEATURE"
for ((turn = 1; turn <= TURNS; turn++)); do
    for which in without with; do
        echo "turn $turn, $which $FEATURE"
        "$BUILD/bench/options-$which"
    done
done
