// A request as it arrived.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/headers.h"

namespace llmcache::serve {

struct Request {
  std::string method;
  std::string target;
  bool http_1_0 = false;
  bool keep_alive = true;
  Headers headers;
  std::shared_ptr<const std::string> body = std::make_shared<const std::string>();

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
};

}  // namespace llmcache::serve
