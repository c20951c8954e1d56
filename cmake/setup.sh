# Sourced by ./run and ./test: installs what is missing on a Debian 12 machine and chooses the tools.
# Sets: KINODE_CACHE (kept between checkouts), CARGO. Functions: kinode_setup, kinode_build [ninja targets],
# kinode_setup_peers, kinode_setup_browser.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export KINODE_CACHE="${KINODE_CACHE:-$HOME/.cache/kinode}"
mkdir -p "$KINODE_CACHE"
# Objects that another checkout compiled are found again: paths in the checkout count relative to it.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1

packages=(
  ca-certificates g++ cmake ninja-build ccache pkg-config git python3 python3-pip curl
  libboost1.81-dev librocksdb-dev libsqlite3-dev libssl-dev libfmt-dev libspdlog-dev nlohmann-json3-dev libcli11-dev
  libtomlplusplus-dev libedit-dev libarchive-dev libargon2-dev libgtest-dev libgmock-dev libbenchmark-dev
  prometheus-cpp-dev
  # the engine of backups
  restic
  # tests on a line with faults; of backups to servers; at a terminal
  iproute2 python3-cryptography tmux
  rclone openssh-server openssh-client python3-venv
  # guests in C++, formatting and linting
  clang-22 lld-22 wasi-libc libc++-22-dev-wasm32 libc++abi-22-dev-wasm32 libclang-rt-22-dev-wasm32
  clang-format-22 clang-tidy-22
  # libFuzzer and its sanitizers
  libclang-rt-22-dev
)

# What ./run bench measures beside the node.
peer_packages=(erlang-base libcaf-dev)

# What opens the node's pages in the tests. Node.js comes from elsewhere, too.
browser_packages=(chromium)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The oldest cargo that compiles the engine is 1.93; Debian 12's own is 1.65, its cargo-web is new enough.
choose_cargo() {
  local candidate version
  for candidate in "${CARGO:-}" cargo /usr/bin/cargo; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
    version=$("$candidate" --version 2>/dev/null | sed -E 's/^cargo 1\.([0-9]+).*/\1/')
    if [ "${version:-0}" -ge 93 ] 2>/dev/null; then
      CARGO=$(command -v "$candidate")
      export CARGO PATH="$(dirname "$CARGO"):$PATH"
      return 0
    fi
  done
  return 1
}

# Prints those of the packages named that are not installed.
missing_of() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

install_packages() {
  echo "installing: $*"
  as_root apt-get -o DPkg::Lock::Timeout=600 update -q >/dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -q \
    --no-install-recommends "$@" >/dev/null
}

kinode_setup_peers() {
  local missing
  mapfile -t missing < <(missing_of "${peer_packages[@]}")
  [ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
}

kinode_setup_browser() {
  local missing
  mapfile -t missing < <(missing_of "${browser_packages[@]}")
  command -v node >/dev/null && command -v npm >/dev/null || missing+=(nodejs npm)
  [ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}" || echo "no browser could be installed: the pages are not tested"
}

kinode_setup() {
  local missing name
  mapfile -t missing < <(missing_of "${packages[@]}")
  choose_cargo || missing+=(cargo-web rustc-web)
  if [ "${#missing[@]}" -gt 0 ]; then
    install_packages "${missing[@]}"
    choose_cargo || { echo "no cargo of version 1.93 or later: install one (rustup or Debian's cargo-web)" >&2; exit 1; }
  fi

  # These two depend on another Boost than the one used; unpacked, they need none.
  if [ ! -e "$KINODE_CACHE/unpacked/complete" ]; then
    local folder
    folder=$(mktemp -d)
    (cd "$folder" && apt-get download -q libmsgpack-cxx-dev librapidcheck-dev >/dev/null 2>&1)
    for name in "$folder"/*.deb; do dpkg-deb -x "$name" "$KINODE_CACHE/unpacked"; done
    [ -e "$KINODE_CACHE/unpacked/usr/include/msgpack.hpp" ] || { echo "msgpack-cxx was not unpacked" >&2; exit 1; }
    touch "$KINODE_CACHE/unpacked/complete"
    rm -rf "$folder"
  fi
  "$root/cmake/guest-tools.sh" >/dev/null
}

kinode_build() {
  local log
  log=$(mktemp)
  (cd "$root" && cmake --preset default) >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  rm -f "$log"
  ninja -C "$root/build" "$@"
}
