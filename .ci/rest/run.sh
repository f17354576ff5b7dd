#!/usr/bin/env bash
# Checks what `capstan serve` answers over REST with tools that know nothing of
# Capstan: the OpenAPI document of the live server with a linter, the live server
# with the tests that portman generates from that document, and the page in a
# browser.
#
#   run.sh CAPSTAN [CHROMIUM]     without CHROMIUM the page is left out
#
# Needs node >= 20.19; `npm ci` beside this file must have been run. Everything is
# on loopback, answered by --mock. Exits non-zero when a tool is not content.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

capstan=${1:?usage: run.sh CAPSTAN [CHROMIUM]}
chromium=${2:-}
capability="$here/../../capabilities/workos/b2b-enterprise-onboarding.yaml"
guarded=http://127.0.0.1:18941/ unguarded=http://127.0.0.1:18942/
key=$(node -p 'crypto.randomBytes(24).toString("base64url")')
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true NODE_NO_WARNINGS=1

scratch=$(mktemp -d)
servers=()
finish() {
  [ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
  wait
  rm -rf "$scratch"
}
trap finish EXIT

quietly() { # NAME COMMAND...: prints the output only of a command that fails
  local name=$1
  shift
  if "$@" >"$scratch/out" 2>&1; then
    echo "ok    $name"
  else
    echo "FAIL  $name"
    cat "$scratch/out" "$scratch"/*.log
    return 1
  fi
}

serve() { # NAME URL FLAG...: starts a server and waits until it answers
  local name=$1 url=$2 address
  address=${url#http://}
  shift 2
  "$capstan" serve "$capability" --mock --rest "${address%/}" --state "$scratch/$name" "$@" 2>"$scratch/$name.log" &
  servers+=($!)
  for _ in $(seq 100); do
    if ask "$url" health/ready >/dev/null 2>&1; then return; fi
    kill -0 $! 2>/dev/null || break
    sleep 0.1
  done
  echo "the server did not come up at $url:"
  cat "$scratch/$name.log"
  return 1
}

# ask URL PATH [BODY] prints an answer's body; it fails on anything but success.
ask() {
  node -e '
    const [url, path, body, key] = process.argv.slice(1);
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", prefer: "wait=20" };
    const answer = await fetch(url + path, body ? { method: "POST", headers, body } : { headers });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    process.stdout.write(text);
  ' --input-type=module -- "$1" "$2" "${3:-}" "$key"
}

# contract runs the tests that portman generates from the document, in an order
# in which they make sense; one run is there already, to be cancelled.
contract() {
  local run
  run=$(ask "$guarded" capabilities/b2b-enterprise-onboarding/runs \
    '{"inputs": {"organization_name": "Initech", "domains": ["initech.example"], "admin_email": "it@initech.example"}}' |
    node -p 'JSON.parse(require("fs").readFileSync(0)).run')
  printf 'PORTMAN_KEY=%s\nPORTMAN_WAITING_RUN=%s\n' "$key" "$run" >"$scratch/env"
  cd "$scratch" # where portman leaves its files
  "$here/node_modules/.bin/portman" -l openapi.json -b "${guarded%/}" -o collection.json \
    -c "$here/portman.json" --envFile env --runNewman
}

umask 077
echo "ci:$key" >"$scratch/keys"
serve guarded "$guarded" --api-key-file "$scratch/keys"

ask "$guarded" openapi.json >"$scratch/openapi.json"
quietly 'redocly lint, the document of the live server' "$here/node_modules/.bin/redocly" lint --extends recommended-strict "$scratch/openapi.json"
quietly 'portman, its tests against the live server' contract
sed -n 's/.*│ *assertions │ *\([0-9]*\) .*/      \1 assertions/p' "$scratch/out"

if [ -n "$chromium" ]; then
  serve unguarded "$unguarded"
  quietly 'page by keyboard, with accessibility rules' node "$here/page.mjs" "$unguarded" "$chromium"
  KEY=$key quietly 'page that asks for a key' node "$here/key.mjs" "$guarded" "$chromium"
else
  echo "not run: the page: no browser"
fi
