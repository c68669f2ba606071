#!/bin/sh
# N answers to the same request; each is requested once and then cached.
#   several-samples.sh N < request.json
set -eu
request=$(mktemp); trap 'rm -f "$request"' EXIT
cat > "$request"
for sample in $(seq 0 $(($1 - 1))); do
  llmcache run --sample "$sample" --request "$request" -- curl -sS --fail-with-body "$LLM_URL" -d @-
done
