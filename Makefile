# The same targets for people and for CI. `make help` lists them.

SHELL := /bin/sh
export CARGO_TERM_COLOR ?= auto
# Reference peers, exporters and a browser; installed as root, otherwise the line to run is printed.
PEERS := systemd-journal-remote prometheus prometheus-alertmanager prometheus-node-exporter prometheus-postgres-exporter prometheus-blackbox-exporter postgresql
BROWSER := chromium fonts-dejavu-core

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: build
build: web ## Build the release binary at target/release/phoenix
	cargo build --release --locked -p phoenix-cli -p phoenix-platform

.PHONY: demo
demo: build ## Build Phoenix and show it watching real things
	tools/debian.sh $(PEERS)
	"$${CARGO_TARGET_DIR:-target}/release/phoenix" demo

.PHONY: web
web: web/dist/index.html ## Build the web UI (needs Node 20)

web/dist/index.html: web/node_modules $(shell git ls-files web 2>/dev/null | grep -v -E '^web/(e2e|mock)/')
	cd web && npm run build

.PHONY: lint
lint: web/node_modules ## Formatting, clippy, licences, spelling, tsc, eslint, floors
	cargo fmt --all --check
	cargo test --quiet --locked -p phoenix-house
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo check --quiet --locked --manifest-path fuzz/Cargo.toml --target-dir "$${CARGO_TARGET_DIR:-target}"
	tools/install.sh cargo-deny typos
	PATH="$$PATH:$$HOME/.local/bin" cargo deny --log-level error check bans licenses sources
	PATH="$$PATH:$$HOME/.local/bin" typos
	cd web && npm run typecheck && npm run lint

web/node_modules: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch web/node_modules

.PHONY: test
test: web ## All tests: Rust, web units, the browser against the real program
	tools/debian.sh $(PEERS) $(BROWSER)
	tools/install.sh moto_server duckdb grafana-client
	cargo build --locked -p phoenix-cli -p phoenix-platform
	cargo test --workspace --locked
	cd web && npm test
	cd web && npm run e2e

.PHONY: soak
soak: ## Each fault of the demo, until its alert fires and resolves: some ten minutes
	tools/debian.sh $(PEERS)
	cargo build --locked -p phoenix-cli -p phoenix-platform
	cargo test --locked -p phoenix-cli --test demo_faults -- --ignored --nocapture

.PHONY: test-vrl
test-vrl: ## Clippy and tests of the stage `vrl`, which is not in default builds
	cargo clippy -p phoenix-ingest --all-targets --locked --features vrl -- -D warnings
	cargo test -p phoenix-ingest --lib --locked --features vrl -- pipeline

.PHONY: bench
bench: build ## Timed runs: start-up, ingest, queries, paging under load
	tools/debian.sh $(PEERS)
	bench/run.sh

.PHONY: bench-logs
bench-logs: web ## Logs from end to end: push, disk, memory, queries, each answer checked (BENCH_LINES=2000000)
	tools/debian.sh zstd
	cargo bench --locked -p phoenix-cli --bench logs

.PHONY: bench-traces
bench-traces: web ## Traces from end to end: OTLP, disk, memory, queries, each answer checked (BENCH_TRACES=200000)
	cargo bench --locked -p phoenix-cli --bench traces

.PHONY: bench-dashboards
bench-dashboards: web ## A dashboard of thirty queries over a day, of the server and in a browser (BENCH_SERIES=10000, BENCH_REFRESHES=720)
	cargo bench --locked -p phoenix-cli --bench dashboards

.PHONY: fuzz
fuzz: ## Mutate the input of every parser for a while (FUZZ_SECONDS each, 60 by default)
	fuzz/run.sh

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: clean
clean: ## Remove what was built
	cargo clean
	rm -rf web/dist web/node_modules
