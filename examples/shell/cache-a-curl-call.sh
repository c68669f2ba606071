#!/bin/sh
# Sends a request to a model once; the same request is then answered from the cache.
#   LLM_URL=https://... LLM_KEY=... cache-a-curl-call.sh < request.json
set -eu
exec llmcache run -- curl -sSN --fail-with-body "$LLM_URL" \
  -H "Authorization: Bearer ${LLM_KEY:-}" -H 'Content-Type: application/json' -d @-
