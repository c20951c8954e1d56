#!/usr/bin/env bash
# Shows what a node does: starts one in a folder of its own, installs the package `tour`, and lets its
# processes talk. Run it as `./run demo`; the argument is the build folder. Exits 0 if all went as told.
set -euo pipefail

build=$(realpath "${1:?usage: demo.sh BUILD}")
home=$(mktemp -d)
log=$home.log
node_pid=

stop_node() {
  [ -n "$node_pid" ] || return 0
  kill -TERM "$node_pid" && wait "$node_pid"
  node_pid=
}
clean_up() {
  status=$?
  [ -z "$node_pid" ] || kill -KILL "$node_pid" 2>/dev/null || true
  if [ "$status" != 0 ]; then
    echo "the demo failed; the node said:" >&2
    cat "$log" >&2
  fi
  rm -rf "$home" "$log" "$log.fifo"
}
trap clean_up EXIT

start_node() {
  rm -f "$log.fifo"
  mkfifo "$log.fifo"
  KINODE_COMPONENT_CACHE="$build/demo-components" "$build/bin/kinode" "$home" --fake-node-name demo.os --detached \
    >"$log.fifo" 2>&1 &
  node_pid=$!
  exec 3<"$log.fifo"
  port=
  while IFS= read -r line <&3; do
    echo "$line" >>"$log"
    if [[ $line =~ http://localhost:([0-9]+) ]]; then
      port=${BASH_REMATCH[1]}
      break
    fi
  done
  [ -n "$port" ] || { echo "the node did not start" >&2; exit 1; }
  cat <&3 >>"$log" &
}

kit() { "$build/bin/kit" "$@"; }

# ask PROCESS BODY [FILE]: prints the body of the answer.
ask() {
  kit inject-message "$1:tour:demo.os" "$2" --port "$port" ${3:+--blob "$3"}
}

# show TITLE EXPECTED ACTUAL
show() {
  printf '\n%s\n    %s\n' "$1" "$3"
  [[ $3 == *"$2"* ]] || { echo "    expected: ...$2..." >&2; exit 1; }
}

echo "Starting a node in $home"
start_node
echo "It answers on http://localhost:$port. Installing the package tour:demo.os, as a developer does with kit."
kit start-package "$build/packages/tour" --port "$port" >>"$log"

show "A request is answered: greeter is asked." \
  "hello you" "$(ask greeter you)"

show "A chain that inherits: desk is asked, and passes the request on. The answer comes from greeter." \
  "hello somebody, says demo.os@greeter" "$(ask desk somebody)"

head -c 5000000 /dev/zero >"$home.blob"
show "A blob passed through: 5 MB go to greeter by way of desk, which they never enter." \
  "with 5000000 bytes beside" "$(ask desk you "$home.blob")"
rm -f "$home.blob"

show "A child that crashes: parent starts it, asks it, and is told at once that no answer will come." \
  "I go on" "$(ask parent go)"

show "State: counter saves what it counts." "asked 1 time" "$(ask counter again)"
ask counter again >/dev/null
printf '\n%s\n' "The node is stopped, and started again on the same folder."
stop_node
start_node
show "counter runs again by itself and goes on counting." "asked 3 times" "$(ask counter again)"

stop_node
printf '\n%s\n' "All of it went as told."
