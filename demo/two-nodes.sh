#!/usr/bin/env bash
# Shows two nodes on this machine that find each other and pass a large file from one to the other, with an
# interruption. Run it as `./run demo two-nodes`; the argument is the build folder. Exits 0 if all went as told.
set -euo pipefail

build=$(realpath "${1:?usage: two-nodes.sh BUILD}")
. "$(dirname "$0")/nodes.sh"

process=file-transfer:file-transfer:sys
file=holiday.mov
megabytes=600

# transfer FIELD...: of the only transfer that anna.dev has, as its status tells it.
transfer() {
  kit inject-message "$process" '"Status"' --port "${ports[anna.dev]}" |
    python3 -c 'import json, sys; t = json.load(sys.stdin)["Status"]["transfers"][0]; print(*(t[f] for f in sys.argv[1:]))' "$@"
}
fetch() {
  kit inject-message "$process" --port "${ports[anna.dev]}" \
    "{\"Download\":{\"name\":\"$file\",\"target\":\"bert.dev@$process\",\"is_requestor\":true}}"
}

# watch STATE [PERCENT]: shows the progress until the transfer is in that state, or so far.
watch() {
  local state percent rate last=
  while true; do
    read -r state percent rate < <(transfer state progress rate)
    if [ "$state $((percent / 10))" != "$last" ]; then
      printf '    %-10s %3d %%  %5d MB/s\n' "$state" "$percent" "$((${rate%.*} / 1000000))"
      last="$state $((percent / 10))"
    fi
    if [ "$state" = "$1" ] && [ "$percent" -ge "${2:-0}" ]; then return; fi
    case $state in
      failed) echo "    $(transfer error)" >&2; exit 1 ;;
      done) echo "    it was over before that" >&2; exit 1 ;;
    esac
  done
}

echo "Starting two nodes, anna.dev and bert.dev, with the package file-transfer. They find each other by a folder."
start_node anna.dev --bootstrap "$build/packages/file-transfer"
start_node bert.dev --bootstrap "$build/packages/file-transfer"

printf '\n%s\n' "anna greets bert:"
echo "    $(kit inject-message net:distro:sys "hello from anna" --node bert.dev --port "${ports[anna.dev]}"), says bert; its terminal shows"
until grep -o "anna.dev: .*" "$work/bert.dev.log" | sed 's/^/    /' | grep .; do sleep 0.02; done

printf '\n%s\n' "bert has a file of $megabytes MB. anna fetches it:"
drive="$(home_of bert.dev)/vfs/file-transfer:sys/files"
mkdir -p "$drive"
head -c "${megabytes}000000" /dev/urandom >"$drive/$file"
fetch >/dev/null
watch running 10

printf '\n%s\n' "bert is stopped in the middle. A message to it now says so, and the transfer waits:"
stop_node bert.dev
answer=$(kit inject-message "$process" '"ListFiles"' --node bert.dev --port "${ports[anna.dev]}" 2>&1 || true)
echo "    $answer"
[[ $answer == *"cannot be reached"* ]] || { echo "    expected: cannot be reached" >&2; exit 1; }
watch retrying

printf '\n%s\n' "bert is back. The transfer goes on where it was:"
start_node bert.dev --bootstrap "$build/packages/file-transfer"
watch done 100

printf '\n%s\n' "The file is right:"
echo "    resumed at byte $(transfer resumed_from), $(transfer attempts) attempts"
sent=$(sha256sum <"$drive/$file" | cut -d' ' -f1)
got=$(sha256sum <"$(home_of anna.dev)/vfs/file-transfer:sys/files/$file" | cut -d' ' -f1)
echo "    SHA-256 at bert  $sent"
echo "    SHA-256 at anna  $got"
[ "$sent" = "$got" ] && [ "$got" = "$(transfer sha256)" ] || { echo "    they differ" >&2; exit 1; }

stop_node anna.dev
stop_node bert.dev
printf '\n%s\n' "All of it went as told."
