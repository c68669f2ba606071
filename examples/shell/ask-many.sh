#!/bin/sh
# Reads one request per line and prints one answer per line; requests that were sent before cost nothing. Ids that change every
# time are left out of the key. For a request that fails it prints an empty line, and exits with 1 at the end.
#   ask-many.sh < requests.jsonl > answers.jsonl
set -eu
number=0 status=0
while IFS= read -r request; do
  number=$((number + 1))
  if answer=$(printf '%s' "$request" |
    llmcache run --ignore /metadata/request_id -- curl -sS --fail-with-body "$LLM_URL" -d @-); then
    printf '%s' "$answer" | tr -d '\n'
  else
    echo "$0: request $number failed: $answer" >&2
    status=1
  fi
  echo
done
exit $status
