#!/bin/sh
# An answer is wrong: removes it, and shows that only this request is gone.
#   clear-one-answer.sh < request.json
set -eu
key=$(llmcache hash)
llmcache clear "$key" && echo "cleared $key" >&2
llmcache ls
