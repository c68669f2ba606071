#!/bin/sh
# One request a line in, one answer a line out; what was asked before costs nothing. Ignores ids that change every time.
#   ask-many.sh < requests.jsonl > answers.jsonl
set -eu
while IFS= read -r request; do
  printf '%s' "$request" |
    llmcache run --ignore /metadata/request_id -- curl -sS --fail-with-body "$LLM_URL" -d @- | tr -d '\n'
  echo
done
