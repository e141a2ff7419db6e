#!/bin/sh
# Timed runs. Figures depend on the machine: compare within one run, and quote medians.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
echo "== program"
ls -l "$target/release/phoenix" | awk '{print "size of the binary: " $5 " bytes"}'
grep -c '^name = ' Cargo.lock | sed 's/^/locked packages: /'
echo "== metrics store"
cargo bench --quiet --locked -p phoenix-tsdb
echo "== PromQL"
cargo bench --quiet --locked -p phoenix-promql
echo "== scraping"
cargo bench --quiet --locked -p phoenix-ingest
echo "== paging beside the worst queries"
cargo bench --quiet --locked -p phoenix-cli --bench paging
echo "== logs from end to end (make bench-logs for all of it)"
BENCH_LINES=${BENCH_LINES:-500000} cargo bench --quiet --locked -p phoenix-cli --bench logs
