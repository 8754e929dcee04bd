# One line a target; the work is in `cargo xtask`. `make help` lists them.
.DEFAULT_GOAL := help
TARGET := $(or $(CARGO_TARGET_DIR),target)
REASON ?=
.PHONY: help run build test fmt lint bench bench-check bench-baseline docs bless draft all

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: build ## build, then serve on 8085 with bots playing; Ctrl-C ends it
	@exec env ENVIRONMENT=$${ENVIRONMENT:-development} bin/combat serve --demo

build: ## bin/realtime-combat-service, and bin/combat as a link to it
	@cargo build --release -p realtime-combat-service --bin combat && install -D $(TARGET)/release/combat bin/realtime-combat-service && ln -sf realtime-combat-service bin/combat

test: ## every tier, ending in a table; CI=true makes `not run` a failure
	@cargo xtask test

fmt: ## format the Rust code
	@cargo fmt --all

lint: ## clippy without warnings, then the house rules
	@cargo clippy --workspace --all-targets -- -D warnings && cargo xtask tidy

bench: ## the benches, floors beside the figures
	@cargo bench -p realtime-combat-service --bench pipeline

bench-check: ## instructions of step, hash, encode and reading against the baseline, within 3 %
	@cargo xtask bench-check

bench-baseline: ## write that baseline anew, benches/instructions.toml
	@cargo xtask bench-check --bless

docs: ## rewrite the generated blocks in the docs
	@cargo xtask docs

bless: ## record the golden logs anew, append to their ledger: make bless REASON="why the hashes moved"
	@cargo xtask bless --reason "$$REASON"

draft: ## record the protocol's golden bytes, append to their ledger: make draft REASON="why they changed"
	@cargo xtask draft --reason "$$REASON"

all: fmt lint test bench-check build ## the full pipeline
