#!/bin/sh
# Installs the lint tools that the Rust toolchain does not bring, where they are missing.
# Usage: tools/install.sh cargo-deny typos
set -eu
PATH="$PATH:$HOME/.local/bin:$HOME/.cargo/bin"

for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 && continue
    case "$tool" in
        cargo-deny)
            echo "Building cargo-deny (some minutes, once)"
            cargo install --quiet --locked cargo-deny
            ;;
        typos)
            # The wheel carries the binary, which saves a build; --break-system-packages exists on newer pips only.
            python3 -m pip install --quiet --user typos 2>/dev/null \
                || python3 -m pip install --quiet --user --break-system-packages typos 2>/dev/null \
                || cargo install --quiet --locked typos-cli
            ;;
        *) echo "tools/install.sh does not know $tool" >&2; exit 1 ;;
    esac
done
