#!/bin/sh
# Installs tools of lint and tests that neither the Rust toolchain nor Debian brings, where they are missing.
# Usage: tools/install.sh cargo-deny typos moto_server duckdb grafana-client
set -eu
PATH="$PATH:$HOME/.local/bin:$HOME/.cargo/bin"

# --break-system-packages exists on newer pips only, and is needed there.
python() {
    python3 -m pip install --quiet --user "$1" 2>/dev/null || python3 -m pip install --quiet --user --break-system-packages "$1"
}

for tool in "$@"; do
    case "$tool" in
        duckdb) python3 -c 'import duckdb' 2>/dev/null && continue ;;
        grafana-client) python3 -c 'import grafana_client' 2>/dev/null && continue ;;
        *) command -v "$tool" >/dev/null 2>&1 && continue ;;
    esac
    case "$tool" in
        cargo-deny)
            echo "Building cargo-deny (some minutes, once)"
            cargo install --quiet --locked cargo-deny
            ;;
        typos)
            # The wheel carries the binary, which saves a build.
            python typos || cargo install --quiet --locked typos-cli
            ;;
        # A server that speaks S3's protocol, and a reader of Parquet that shares no code with us.
        moto_server) python "moto[s3,server]" ;;
        duckdb) python duckdb ;;
        # What teams provision Grafana with from Python.
        grafana-client) python grafana-client ;;
        *) echo "tools/install.sh does not know $tool" >&2; exit 1 ;;
    esac
done
