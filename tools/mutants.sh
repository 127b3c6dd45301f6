#!/bin/bash
# Plants each bug of tests/mutants/list.tsv alone, in a clone, and runs the unit tests of the kernel, the SDK and root and
# the simulated scenarios: each must be caught by one of them. By hand (`make mutants`): it builds the kernel once a bug.
#
# A bug that does not compile, or whose expression changes nothing, is a mistake in the list and ends the run. A test run
# that hangs is stopped after LIMIT seconds and counts as caught: nothing hangs without the bug.
#
#   tools/mutants.sh [NAME…]      without names: all of them.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-build}
LIMIT=${LIMIT:-300}
TREE=$BUILD/mutants/tree
export CARGO_TARGET_DIR=$PWD/$BUILD/mutants/target
TESTS=(cargo test --ignore-rust-version --quiet -p tessera-core -p actor-sdk -p root -p tessera-tests --lib --test teams --test tasks --test scenarios)

rm -rf "$TREE"
mkdir -p "$BUILD/mutants"
git clone --quiet --shared . "$TREE" || exit 1
cd "$TREE" || exit 1

echo "building without a bug, and running the tests once"
"${TESTS[@]}" </dev/null >../clean.log 2>&1 || { echo "the tests fail without a bug: see $BUILD/mutants/clean.log"; exit 1; }

caught=0 missed=0
while IFS=$'\t' read -r name file expression; do
    case $name in ''|'#'*) continue ;; esac
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
    sed -i "$expression" "$file"
    if git diff --quiet; then
        echo "$name: the expression changes nothing in $file; mend tests/mutants/list.tsv"
        exit 1
    fi
    if ! "${TESTS[@]}" --no-run </dev/null >../"$name".log 2>&1; then
        echo "$name: does not compile; see $BUILD/mutants/$name.log"
        exit 1
    fi
    if timeout "$LIMIT" "${TESTS[@]}" </dev/null >>../"$name".log 2>&1; then
        echo "$name: MISSED"
        missed=$((missed + 1))
    else
        echo "$name: caught"
        caught=$((caught + 1))
    fi
    git checkout --quiet -- .
done < <(cat tests/mutants/list.tsv)

echo "$caught caught, $missed missed"
[ "$missed" = 0 ] && [ "$caught" -gt 0 ]
