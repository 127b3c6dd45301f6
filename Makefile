# Tessera's one front door. `make run` and `make test` are all a newcomer needs: each first makes sure of
# the toolchain and of QEMU (tools/setup.sh). Make only orders the steps; cargo decides what is stale.
#
# Variables: SMP=4 MEM=1G FIRMWARE=bios|uefi; BUILD=build is where everything made here goes, and
# CARGO_TARGET_DIR moves cargo's part.

SMP      ?= 4
MEM      ?= 1G
FIRMWARE ?= bios
BUILD    ?= build
export BUILD

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Every cargo call: the environment that the set-up wrote, and no standard
# input (it belongs to the guest). tinywasm declares a newer Rust than it needs (docs/CONTRIBUTING.md).
WITH  := . $(BUILD)/env.sh &&
FLAGS := --ignore-rust-version
CARGO_RUN = $(WITH) cargo run $(FLAGS) --quiet

.PHONY: help setup test check docs ci fmt clean

help: ## this list
	@echo "make TARGET [SMP=$(SMP)] [MEM=$(MEM)] [FIRMWARE=$(FIRMWARE)]"
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  %-12s %s\n", $$1, $$2 }'

setup: ## the toolchain, QEMU and firmware: found or installed
	@tools/setup.sh

test: setup ## every test; ends with `N passed, N failed`
	@$(WITH) tools/test.sh

check: setup ## format, clippy, dependency direction, generated documents
	@$(WITH) cargo fmt --all --check
	@$(WITH) cargo clippy $(FLAGS) --workspace --all-targets -- -D warnings
	@$(WITH) cargo metadata --locked --offline --format-version 1 >/dev/null
	@$(CARGO_RUN) -p tessera-check

docs: setup ## the generated documents: docs/ABI.md, docs/UNSAFE.md
	@$(CARGO_RUN) -p tessera-check -- --write abi unsafe

ci: ## what continuous integration runs
	@.ci/run

fmt: setup ## formats every source
	@$(WITH) cargo fmt --all

clean: ## everything that was built
	rm -rf $(BUILD) $(or $(CARGO_TARGET_DIR),target)
