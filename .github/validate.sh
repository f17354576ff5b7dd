#!/usr/bin/env bash
# The work of action.yml, whose inputs are the variables CAPSTAN_*. Ends with the exit
# code of validate. Runs in bash 3.2, which macOS has.
set -euo pipefail

capstan=$CAPSTAN_BINARY
if [ -z "$capstan" ]; then
  capstan=$RUNNER_TEMP/capstan
  (cd "$GITHUB_ACTION_PATH" && go build -trimpath -o "$capstan" ./cmd/capstan)
fi

sarif=$RUNNER_TEMP/capstan.sarif
args=(--format github --format "sarif=$sarif" --format "markdown=$GITHUB_STEP_SUMMARY")
args+=(--fail-on "$CAPSTAN_FAIL_ON" --max-warnings "$CAPSTAN_MAX_WARNINGS")
case $CAPSTAN_CHANGED in
  '' | */) ;; # "origin/" and the base of a pull request, of which a push has none
  *) args+=(--changed "$CAPSTAN_CHANGED") ;;
esac
args+=(--)
while IFS= read -r path; do
  if [ -n "$path" ]; then
    args+=("$path")
  fi
done <<<"$CAPSTAN_PATHS"

printf 'sarif=%s\n' "$sarif" >>"$GITHUB_OUTPUT"
exec "$capstan" validate "${args[@]}"
