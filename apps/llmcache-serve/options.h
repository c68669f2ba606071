// The options of `llmcache serve`, besides the global ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/access.h"
#include "http/request_options.h"
#include "http/routing.h"
#include "upstream/client.h"

namespace llmcache {

struct ServeArguments;
struct Settings;

namespace serve {

// The beginning of an address of --listen that is the path of a unix socket.
inline constexpr std::string_view kUnixAddress = "unix:";

struct ServeOptions {
  Upstreams upstreams = Upstreams::built_in();
  std::vector<std::string> listen;
  Mode mode = Mode::auto_;
  AccessRules access;
  bool shared = false;  // strangers on a network share answers
  bool session_from_credential = false;
  std::string session_secret_file;
  std::string tls_certificate;
  std::string tls_key;
  UpstreamOptions upstream;
  std::chrono::milliseconds header_timeout{};
  std::chrono::milliseconds drain{};
  std::uint64_t max_request = 0;  // bytes of a body
  std::size_t max_connections = 0;
  bool finish_abandoned = false;
  bool why = false;            // explains misses
  std::optional<double> pace;  // how many times faster than recorded; nothing: at once
  std::string access_log;
  std::string junit;
  std::vector<std::string> command;
};

// The arguments have the defaults. Throws a Failure (usage) for a value that an option does not take.
ServeOptions parse_options(const ServeArguments& arguments, const Settings& settings);

}  // namespace serve

}  // namespace llmcache
