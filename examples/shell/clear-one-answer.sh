#!/bin/sh
# Removes a wrong answer and lists what is still cached. Exits with 1 if nothing was cached for the request.
#   clear-one-answer.sh < request.json
set -eu
key=$(llmcache hash)
llmcache clear "$key"
echo "cleared $key" >&2
llmcache ls
