#include "failure.h"

namespace llmcache {

namespace {

Exit exit_of(libcache::ErrorCode code) {
  using libcache::ErrorCode;
  switch (code) {
    case ErrorCode::invalid:
      return Exit::bad_input;
    case ErrorCode::not_supported:
      return Exit::usage;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return Exit::unavailable;
    case ErrorCode::refused:
    case ErrorCode::internal:
      return Exit::refused;
    case ErrorCode::corrupt:
      return Exit::damaged;
    case ErrorCode::policy:
      return Exit::policy;
  }
  return Exit::refused;
}

}  // namespace

Failure::Failure(const libcache::Error& error) : Failure(exit_of(error.code), error.message) {}

const char* kind_of(Exit exit) {
  switch (exit) {
    case Exit::success:
      return "success";
    case Exit::no:
      return "no";
    case Exit::usage:
      return "usage";
    case Exit::bad_input:
      return "bad_input";
    case Exit::unavailable:
      return "store_unavailable";
    case Exit::refused:
      return "refused";
    case Exit::damaged:
      return "damaged";
    case Exit::policy:
      return "policy";
    case Exit::run_failed:
      return "run_failed";
    case Exit::run_not_executable:
      return "not_executable";
    case Exit::run_not_found:
      return "not_found";
  }
  return "refused";
}

bool retryable(Exit exit) {
  return exit == Exit::unavailable;
}

void usage_error(const std::string& message) {
  throw Failure(Exit::usage, message);
}

}  // namespace llmcache
