# Tessera's one front door. `make run` and `make test` are all a newcomer needs: each first makes sure of
# the toolchain and of QEMU (tools/setup.sh). Make only orders the steps; cargo decides what is stale.
#
# Variables: SMP=4 MEM=1G FIRMWARE=bios|uefi OPTIONS='kernel options' SNAPSHOT=file for what the
# second serial port writes. BUILD=build is where everything made here goes, and CARGO_TARGET_DIR moves cargo's part.

SMP      ?= 4
MEM      ?= 1G
FIRMWARE ?= bios
OPTIONS  ?=
BUILD    ?= build
export BUILD

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# The recipes share cargo's locks and this machine's cores; cargo is what runs in parallel.
.NOTPARALLEL:
# A step that fails half way leaves nothing that looks finished.
.DELETE_ON_ERROR:

# Every cargo call gets the environment that the set-up wrote. tinywasm declares a newer Rust than it
# needs (docs/CONTRIBUTING.md). Standard input belongs to the guest: only the runners get it.
WITH  := . $(BUILD)/env.sh &&
FLAGS := --ignore-rust-version
CHECK  = $(WITH) cargo run $(FLAGS) --quiet -p tessera-check </dev/null --

TARGET  := $(or $(CARGO_TARGET_DIR),target)
TOOLS   := $(TARGET)/debug
KERNEL  := $(TARGET)/x86_64-tessera/release/tessera-kernel
HOSTED  := $(TARGET)/release/tessera-kernel
MODULES := $(TARGET)/wasm32-unknown-unknown/actor
EXAMPLES := $(TARGET)/x86_64-tessera/release/examples
RAMDISK := $(BUILD)/ramdisk.img
IMAGES  := $(BUILD)/tessera-bios.img $(BUILD)/tessera-uefi.img
TEST_IMAGES := $(foreach test,selftest machine,$(BUILD)/$(test)-bios.img $(BUILD)/$(test)-uefi.img) \
               $(BUILD)/kernel-bios.img $(BUILD)/meet-bios.img

# The kernel's own target has no library to download: core and alloc are built from source.
BARE := -Zjson-target-spec --target kernel/x86_64-tessera.json \
        -Zbuild-std=core,alloc,compiler_builtins -Zbuild-std-features=compiler-builtins-mem
WASM := --target wasm32-unknown-unknown -Zbuild-std=core,alloc
# Small stacks and byte-sized pages: an actor's memory need not be a multiple of 64 KiB.
WASM_FLAGS := CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Clink-arg=-zstack-size=16384 -Clink-arg=--page-size=1"
ACTORS = $(patsubst actors/%/Cargo.toml,-p %,$(wildcard actors/*/Cargo.toml))

.PHONY: check-format check-host check-bare check-actors check-house help setup run run-hosted new-actor test soak replay mutants bench check docs ci fmt clean test-fresh image kernel actors tools FORCE

help: ## this list
	@echo "make TARGET [SMP=$(SMP)] [MEM=$(MEM)] [FIRMWARE=$(FIRMWARE)]"
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1|/p' Makefile | awk -F'|' '{ printf "  %-12s %s\n", $$1, $$2 }'

setup: ## the toolchain, QEMU and firmware: found or installed
	@tools/setup.sh

# --- running -----------------------------------------------------------------------------------------

run: $(BUILD)/tessera-$(FIRMWARE).img ## the kernel in QEMU, its shell on this terminal
	@exec $(TOOLS)/tessera-run --smp $(SMP) --mem $(MEM) --firmware $(FIRMWARE) \
		--options "$(OPTIONS)" $(if $(SNAPSHOT),--port "$(SNAPSHOT)") $<

run-hosted: $(RAMDISK) ## the same kernel as a Linux process
	@$(WITH) cargo build $(FLAGS) --release -p tessera-kernel </dev/null
	@exec $(HOSTED) cores=$(SMP) ramdisk=$(RAMDISK) $(if $(SNAPSHOT),port="$(SNAPSHOT)") $(OPTIONS)

new-actor: ## NAME=x: a new actor from the template, with its test and its lines in system.toml
	@tools/new-actor.sh "$(NAME)"

image: $(IMAGES) ## the disk images, for BIOS and UEFI

# --- building ----------------------------------------------------------------------------------------
# A cargo step always runs and changes its file only when something is stale; make then looks at the file.

FORCE:

kernel: $(KERNEL)
$(KERNEL): FORCE | setup
	@$(WITH) cargo build $(FLAGS) --release -p tessera-kernel $(BARE) </dev/null

tools: | setup
	@$(WITH) cargo build $(FLAGS) -p tessera-image -p tessera-pack -p tessera-run </dev/null

actors: | setup
	@$(WITH) $(WASM_FLAGS) cargo build $(FLAGS) --profile actor $(WASM) $(ACTORS) </dev/null

# Replaced only when it differs, so that an image is made anew only when it would be another one.
$(RAMDISK): actors tools FORCE
	@$(TOOLS)/tessera-pack --manifest ramdisk/system.toml --modules $(MODULES) --out $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(BUILD)/tessera-%.img: $(KERNEL) $(RAMDISK) | tools
	@$(TOOLS)/tessera-image --kernel $(KERNEL) --ramdisk $(RAMDISK) --$* $@

# khal alone, for the boot tests that need no kernel.
$(EXAMPLES)/selftest $(EXAMPLES)/machine $(EXAMPLES)/hello: FORCE | setup
	@$(WITH) cargo build $(FLAGS) --release -p tessera-khal --example $(@F) $(BARE) </dev/null

$(BUILD)/selftest-%.img: $(EXAMPLES)/selftest | tools
	@$(TOOLS)/tessera-image --kernel $< --$* $@

$(BUILD)/hello-%.img: $(EXAMPLES)/hello | tools
	@$(TOOLS)/tessera-image --kernel $< --$* $@

$(BUILD)/machine-%.img: $(EXAMPLES)/machine | tools
	@$(TOOLS)/tessera-image --kernel $< --ramdisk khal/examples/machine/main.rs --$* $@

TEST_KERNEL := $(TARGET)/x86_64-tessera/release/tessera-test-kernel
# The kernel as a test image, with the test modules in its ramdisk.
$(TEST_KERNEL): FORCE | setup
	@$(WITH) cargo build $(FLAGS) --release -p tessera-test-kernel $(BARE) </dev/null

$(BUILD)/test-modules.img: FORCE | setup
	@$(WITH) cargo run $(FLAGS) --quiet -p tessera-tests --bin pack_modules -- $@.new </dev/null
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(BUILD)/kernel-%.img: $(TEST_KERNEL) $(BUILD)/test-modules.img | tools
	@$(TOOLS)/tessera-image --kernel $< --ramdisk $(BUILD)/test-modules.img --$* $@

# The product's kernel, with the actor that tries the SDK's primitives as its first and only one.
$(BUILD)/test-meet.img: actors tools FORCE
	@$(TOOLS)/tessera-pack --manifest tests/boot/meet.toml --modules $(MODULES) --out $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(BUILD)/meet-%.img: $(KERNEL) $(BUILD)/test-meet.img | tools
	@$(TOOLS)/tessera-image --kernel $(KERNEL) --ramdisk $(BUILD)/test-meet.img --$* $@

# The same, for a target without SSE: what hard floats are measured against.
SOFT := $(subst kernel/x86_64-tessera.json,tests/kernel/x86_64-tessera-soft.json,$(BARE))
SOFT_KERNEL := $(TARGET)/x86_64-tessera-soft/release/tessera-test-kernel
$(SOFT_KERNEL): FORCE | setup
	@$(WITH) cargo build $(FLAGS) --release -p tessera-test-kernel $(SOFT) </dev/null

$(BUILD)/kernel-soft-%.img: $(SOFT_KERNEL) $(BUILD)/test-modules.img | tools
	@$(TOOLS)/tessera-image --kernel $< --ramdisk $(BUILD)/test-modules.img --$* $@

# --- testing -----------------------------------------------------------------------------------------

test: $(IMAGES) $(TEST_IMAGES) ## every test; ends with `N passed, N failed`
	@$(WITH) tools/test.sh

SEEDS ?= 200
soak: setup ## the simulated scenarios with SEEDS=200 seeds at each core count (by hand)
	@$(WITH) TESSERA_SEEDS=$(SEEDS) cargo test $(FLAGS) --release -p tessera-tests --test scenarios </dev/null

replay: setup ## one scenario or storm simulated again, as a failure says: NAME= CORES= SEED=
	@$(WITH) TESSERA_CORES=$(CORES) TESSERA_SEED=$(SEED) \
		cargo test $(FLAGS) -p tessera-tests --test scenarios -- $(NAME) </dev/null

mutants: setup ## plants each bug of tests/mutants, which some test must catch (by hand)
	@$(WITH) tools/mutants.sh

BENCH_IMAGES := $(foreach image,tessera hello kernel kernel-soft,$(BUILD)/$(image)-bios.img)
bench: $(BENCH_IMAGES) ## figures: tables, and JSON in $(BUILD)/bench
	@mkdir -p $(BUILD)/bench
	@$(WITH) cargo bench $(FLAGS) -p tessera-wasm --bench engine --bench options </dev/null
	@$(WITH) cargo run $(FLAGS) --quiet --release -p tessera-tests --bin bench_kernel -- $(BUILD)/bench/kernel.json </dev/null
	@$(WITH) cargo run $(FLAGS) --quiet --release -p tessera-tests --bin bench_cores -- cores=2 out=$(BUILD)/bench/cores.json </dev/null
	@$(WITH) TESSERA_IMAGES=$(abspath $(BUILD)) cargo run $(FLAGS) --quiet --release -p tessera-boot-tests \
		--bin bench -- $(BUILD)/bench/qemu.json </dev/null

check: check-format check-host check-bare check-actors check-house ## format, clippy, lock file, house rules

check-format: | setup
	@$(WITH) cargo fmt --all --check

check-host: | setup
	@$(WITH) cargo clippy $(FLAGS) --locked --workspace --all-targets -- -D warnings

check-bare: | setup
	@$(WITH) cargo clippy $(FLAGS) --release -p tessera-kernel $(BARE) -- -D warnings

check-actors: | setup
	@$(WITH) $(WASM_FLAGS) cargo clippy $(FLAGS) --profile actor $(WASM) $(ACTORS) -- -D warnings

check-house: | setup
	@$(CHECK)

docs: setup ## the generated documents: docs/ABI.md, docs/UNSAFE.md
	@$(CHECK) --write abi unsafe

ci: ## what continuous integration runs
	@.ci/run

test-fresh: ## both commands in a fresh Debian 12, in a chroot (by hand, as root)
	@tools/test-fresh.sh

fmt: setup ## formats every source
	@$(WITH) cargo fmt --all

clean: ## removes everything that was built
	rm -rf $(BUILD) $(TARGET)
