// The texts that the server writes: heads of answers, and its own errors in the shape of OpenAI's, which SDKs can read.
#pragma once

#include <string>
#include <string_view>

#include "http/headers.h"

namespace llmcache::serve {

// The status line and the fields, with the empty line that ends them. `reason`: the phrase after the status; empty: the
// usual one.
std::string head_text(int status, const Headers& fields, std::string_view reason = {});

// An error of the server's own.
struct OwnError {
  int status;
  std::string_view code;
  std::string message;
  bool retry_may_help = false;
};

namespace own_errors {
OwnError malformed(std::string message);
OwnError no_recorded_answer(std::string message);
OwnError only_if_cached();
OwnError unreachable(std::string message);
OwnError timed_out(std::string message);
OwnError unknown_host(std::string_view host);
OwnError refused_origin(std::string_view origin);
OwnError request_timeout();
OwnError too_large(std::string message);
OwnError fields_too_large();
OwnError too_many_connections();
OwnError no_upgrade();
OwnError method_not_allowed();
OwnError no_page();
OwnError no_upstream(std::string_view target);
}  // namespace own_errors

std::string body_of(const OwnError& error);
Headers fields_of(const OwnError& error);

}  // namespace llmcache::serve
