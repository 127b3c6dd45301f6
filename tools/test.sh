#!/bin/bash
# Runs every layer of tests, cheapest first, and sums what they counted.
#
# A layer is a command that prints libtest's closing line (`test result: ok. N passed; M failed; …`), as
# often as it likes; the last line of all is `N passed, N failed`. A layer whose command fails without
# having counted a failure (it did not build, it crashed) counts as one failure; so does one that ran
# nothing. The full output of each layer stays in $BUILD/test/LAYER.log, and is shown as it comes.
#
#   tools/test.sh [LAYER…]      without names: all of them. The environment is that of build/env.sh.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-build}
LOGS=$BUILD/test
CARGO_FLAGS=(--ignore-rust-version)
# Packages with models, and the names of their test targets.
MODELS=(-p tessera-khal --test loom -p tessera-core)
for model in kernel/core/tests/loom_*.rs; do
    MODELS+=(--test "$(basename "$model" .rs)")
done
passed=0 failed=0
summary=()

# Unit and property tests, and the whole kernel's scenarios in the hosted kernel.
host_layer() {
    cargo test "${CARGO_FLAGS[@]}" --no-fail-fast --workspace --exclude tessera-boot-tests
}

# Loom's models: the same locks and atomics, every interleaving. Other flags, so other artefacts.
models_layer() {
    CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/loom RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3 \
        cargo test "${CARGO_FLAGS[@]}" --no-fail-fast --release "${MODELS[@]}"
}

# Machines that boot, and the hosted kernel as a program. Two at a time: each has up to four cores.
boot_layer() {
    cargo build "${CARGO_FLAGS[@]}" -p tessera-kernel || return
    TESSERA_IMAGES=$(realpath "$BUILD") TESSERA_HOSTED=$(realpath "${CARGO_TARGET_DIR:-target}/debug/tessera-kernel") \
        cargo test "${CARGO_FLAGS[@]}" --no-fail-fast -p tessera-boot-tests -- --test-threads=2
}

# Runs one layer's function, adds up its counts, keeps its seconds.
layer() {
    local name=$1 log=$LOGS/$1.log start=$SECONDS status ok bad
    printf '\n== %s ==\n' "$name"
    "${name}_layer" </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    read -r ok bad < <(awk '/^test result: / { ok += $4; bad += $6 } END { print ok + 0, bad + 0 }' "$log")
    if [ "$status" != 0 ] && [ "$bad" = 0 ]; then
        echo "$name: ended with status $status without counting a failure: counted as one"
        bad=1
    elif [ "$ok" = 0 ] && [ "$bad" = 0 ]; then
        echo "$name: ran nothing: counted as one failure"
        bad=1
    fi
    passed=$((passed + ok)) failed=$((failed + bad))
    summary+=("$(printf '%-10s %5d passed %5d failed %5d s' "$name" "$ok" "$bad" $((SECONDS - start)))")
}

mkdir -p "$LOGS"
layers=("$@")
[ ${#layers[@]} -gt 0 ] || layers=(host models boot)
for name in "${layers[@]}"; do
    layer "$name"
done

printf '\n'
printf '%s\n' "${summary[@]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
