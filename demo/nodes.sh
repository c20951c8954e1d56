# Sourced by the demos: nodes in folders of their own, which go when the demo ends, whatever becomes of it.
#
#   start_node NAME [options of kinode]   starts it, or starts it again; ${ports[NAME]} is its HTTP port
#   stop_node NAME                        as a person would
#   home_of NAME
# Needs $build, the build folder.

work=$(mktemp -d)
declare -A pids ports

home_of() { echo "$work/$1"; }

start_node() {
  local name=$1 line said="$work/$1.said"
  shift
  rm -f "$said"
  mkfifo "$said"
  KINODE_COMPONENT_CACHE="$build/demo-components" "$build/bin/kinode" "$(home_of "$name")" --fake-node-name "$name" \
    --devnet "$work/devnet" --detached "$@" >"$said" 2>&1 &
  pids[$name]=$!
  exec 3<"$said"
  ports[$name]=
  while IFS= read -r line <&3; do
    echo "$line" >>"$work/$name.log"
    if [[ $line =~ http://localhost:([0-9]+) ]]; then
      ports[$name]=${BASH_REMATCH[1]}
      break
    fi
  done
  [ -n "${ports[$name]}" ] || { echo "the node $name did not start" >&2; exit 1; }
  cat <&3 >>"$work/$name.log" &
  exec 3<&-
}

stop_node() {
  local pid=${pids[$1]:-}
  [ -n "$pid" ] || return 0
  kill -TERM "$pid" && wait "$pid"
  unset "pids[$1]"
}

clean_up() {
  local status=$? pid
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  if [ "$status" != 0 ]; then
    echo "the demo failed; the nodes said:" >&2
    cat "$work"/*.log >&2
  fi
  rm -rf "$work"
}
trap clean_up EXIT

kit() { "$build/bin/kit" "$@"; }
