#!/bin/sh
# Records answers on a developer's machine and replays them in CI, where a request without a recording fails and nothing is sent.
#   LLM_URL=https://... fixtures-for-ci.sh record|replay < request.json
set -eu
export LLMCACHE_STORE="dir:${FIXTURES:-fixtures}"
case $1 in
  record) exec llmcache run --mode refresh -- curl -sSN --fail-with-body "$LLM_URL" -d @- ;;
  replay) exec llmcache run --mode replay --endpoint "$LLM_URL" ;;
  *) echo "usage: $0 record|replay" >&2; exit 2 ;;
esac
