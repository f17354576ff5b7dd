#!/usr/bin/env bash
# Writes the skills of everything that ships and holds each to the reference
# validator of Agent Skills. Takes the path of a capstan binary, or builds one.
# Needs node and npm. Exits non-zero when a skill is not valid.
set -euo pipefail
cd "$(dirname "$0")/../.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

capstan=${1:-$scratch/capstan}
[ -n "${1:-}" ] || go build -o "$capstan" ./cmd/capstan
(cd .ci/skills && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)

for what in b2b-enterprise-onboarding audit-everything-to-siem workos \
  examples/03-own-api/register-ship.yaml examples/03-own-api/fleet.openapi.yaml \
  'examples/07-framework/lighthouse.yaml lighthouse' 'examples/07-framework/lighthouse.yaml keepers.keeper-of'; do
  # shellcheck disable=SC2086 # a file, and perhaps the name of what to take of it
  folder=$("$capstan" skill $what -o "$scratch/skills")
  node .ci/skills/node_modules/skills-ref/dist/cli.js validate "$folder"
done
