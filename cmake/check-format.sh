#!/usr/bin/env bash
# Fails where a source is not formatted as ./run format would.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
git ls-files '*.cpp' '*.h' | xargs clang-format-22 --dry-run -Werror
for manifest in engine/Cargo.toml tests/interop/Cargo.toml; do
  "${CARGO:-cargo}" fmt --check --manifest-path "$manifest"
done
