#!/usr/bin/env bash
# All checks and tests: format, lint, types, walls, build, tests. Installs the Debian packages the tests use.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/install-peers.sh
npx biome ci .
npm run --silent types
npm run --silent build
npx vitest run
