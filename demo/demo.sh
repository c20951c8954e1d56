#!/usr/bin/env bash
# Shows what a node does: starts one in a folder of its own, installs the package `tour`, and lets its
# processes talk. Run it as `./run demo`; the argument is the build folder. Exits 0 if all went as told.
set -euo pipefail

build=$(realpath "${1:?usage: demo.sh BUILD}")
. "$(dirname "$0")/nodes.sh"

# ask PROCESS BODY [FILE]: prints the body of the answer.
ask() {
  kit inject-message "$1:tour:demo.os" "$2" --port "${ports[demo.os]}" ${3:+--blob "$3"}
}

# show TITLE EXPECTED ACTUAL
show() {
  printf '\n%s\n    %s\n' "$1" "$3"
  [[ $3 == *"$2"* ]] || { echo "    expected: ...$2..." >&2; exit 1; }
}

echo "Starting a node in $(home_of demo.os)"
start_node demo.os
echo "It answers on http://localhost:${ports[demo.os]}. Installing the package tour:demo.os, as a developer does with kit."
kit start-package "$build/packages/tour" --port "${ports[demo.os]}" >/dev/null

show "A request is answered: greeter is asked." \
  "hello you" "$(ask greeter you)"

show "A chain that inherits: desk is asked, and passes the request on. The answer comes from greeter." \
  "hello somebody, says demo.os@greeter" "$(ask desk somebody)"

head -c 5000000 /dev/zero >"$work/blob"
show "A blob passed through: 5 MB go to greeter by way of desk, which they never enter." \
  "with 5000000 bytes beside" "$(ask desk you "$work/blob")"
rm -f "$work/blob"

show "A child that crashes: parent starts it, asks it, and is told at once that no answer will come." \
  "I go on" "$(ask parent go)"

show "State: counter saves what it counts." "asked 1 time" "$(ask counter again)"
ask counter again >/dev/null
printf '\n%s\n' "The node is stopped, and started again on the same folder."
stop_node demo.os
start_node demo.os
show "counter runs again by itself and goes on counting." "asked 3 times" "$(ask counter again)"

stop_node demo.os
printf '\n%s\n' "All of it went as told."
