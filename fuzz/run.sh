#!/bin/sh
# Fuzzes every parser for FUZZ_SECONDS each (60 by default), one after the other.
# A crash stops the run and leaves its input in fuzz/artifacts.
set -eu
cd "$(dirname "$0")"
seconds=${FUZZ_SECONDS:-60}
# What `cargo fuzz` would pass, without the sanitizer that needs a nightly toolchain: the code is
# safe Rust, so panics and endless loops are what there is to find.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../target}/fuzz"
# With a target of its own, build scripts and macros are left without instrumentation.
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --release --target "$host"
mkdir -p artifacts
for source in targets/*.rs; do
    name=$(basename "$source" .rs)
    mkdir -p "corpus/$name"
    echo "== $name for ${seconds}s"
    "$CARGO_TARGET_DIR/$host/release/$name" "corpus/$name" "seeds/$name" \
        -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=4096 \
        -artifact_prefix="artifacts/$name-" -print_final_stats=1 2>&1 | grep -aE 'stat::number_of_executed_units|stat::peak_rss|ERROR|SUMMARY|panicked' || { echo "$name printed no statistics: it did not run" >&2; exit 1; }
    if ls "artifacts/$name-"* >/dev/null 2>&1; then
        echo "$name found something: fuzz/artifacts/$name-*" >&2
        exit 1
    fi
done
