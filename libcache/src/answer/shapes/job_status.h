// What an API says of a job that runs in the background.
#pragma once

#include <libcache/answer.h>

#include <string>

#include "text/json/value.h"

namespace libcache::internal {

struct JobStatus {
  Completeness completeness = Completeness::complete;
  std::string word = {};  // as the API writes it
};

// Incomplete for a job that has not ended, an error for one that failed. A status word counts only if the JSON also
// names the job: a model's own {"status":"pending"} is an answer.
JobStatus read_job_status(JsonValue json);

}  // namespace libcache::internal
