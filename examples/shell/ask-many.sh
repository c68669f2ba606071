#!/bin/sh
# Sends one request per line, four at a time, and prints one JSON object per line, in the same order, with the answer or the failure.
# Exits with 1 if a request failed; run again, it asks only for what is missing. Ids that change every time are left out of the key.
#   ask-many.sh < requests.jsonl > answers.jsonl
set -eu
exec llmcache run --lines --jobs 4 --retries 2 --ignore /metadata/request_id -- curl -sS --fail-with-body "$LLM_URL" -d @-
