// A request as it arrived.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/headers.h"
#include "text.h"
#include "upstream/client.h"

namespace llmcache::serve {

struct Request {
  std::string method;
  std::string target;
  bool http_1_0 = false;
  bool keep_alive = true;
  Headers headers;
  std::shared_ptr<const std::string> body = std::make_shared<const std::string>();
  std::shared_ptr<Upload> upload;  // the body, if it is passed on while it arrives; else null

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }

  // Whether its answer may be cached. Any other request is only passed on.
  bool is_json_post() const {
    if (method != "POST" || headers.count("content-type") > 1) return false;
    const std::string_view type = headers.first("content-type").value_or("application/json");
    return equals_ignoring_case(trimmed(type.substr(0, type.find(';'))), "application/json");
  }
};

}  // namespace llmcache::serve
