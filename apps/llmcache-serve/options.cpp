#include "options.h"

#include <cstdlib>
#include <filesystem>

#include "commands/serve.h"
#include "config/files.h"
#include "config/settings.h"
#include "config/values.h"
#include "failure.h"

namespace llmcache::serve {

namespace {

std::string default_secret_file() {
  const auto state = state_directory();
  if (!state) usage_error("--session-secret-file is needed: there is no home directory");
  return *state / "session-secret";
}

}  // namespace

ServeOptions parse_options(const ServeArguments& arguments, const Settings& settings) {
  if (settings.cache.key.scheme == libcache::KeyScheme::bifrost) {
    usage_error("serve caches by URL, which is not part of Bifrost's keys: it cannot be used with --compat bifrost");
  }
  ServeOptions options;
  for (const auto* const upstreams : {&settings.upstreams, &arguments.upstreams}) {
    // A URL that takes every request does so wherever it stands: names first.
    for (const bool named : {true, false}) {
      for (const std::string& upstream : *upstreams) {
        if (Upstreams::has_name(upstream) == named) options.upstreams.add(upstream);
      }
    }
  }
  options.command = arguments.command;
  options.listen = arguments.listen;
  // With a COMMAND any port will do, because COMMAND gets its URL.
  if (options.listen.empty()) options.listen = {options.command.empty() ? "127.0.0.1:8090" : "127.0.0.1:0"};
  options.mode = parse_choice(arguments.mode, kModes);
  options.pace = parse_pace(arguments.pace);
  options.shared = arguments.shared;
  options.session_from_credential = !arguments.session_from.empty();
  options.session_secret_file = arguments.session_secret_file;
  if (options.session_from_credential && options.session_secret_file.empty()) {
    options.session_secret_file = default_secret_file();
  }
  options.access = {arguments.allow_hosts, arguments.allow_origins};
  for (const std::string& address : options.listen) {
    if (!address.starts_with(kUnixAddress)) options.access.allowed_hosts.push_back(address);
  }
  options.tls_certificate = arguments.tls_certificate;
  options.tls_key = arguments.tls_key;
  options.upstream = {parse_duration(arguments.upstream_connect_timeout),
                      parse_duration(arguments.upstream_idle_timeout), arguments.upstream_ca_file};
  options.header_timeout = parse_duration(arguments.header_timeout);
  options.drain = parse_duration(arguments.drain);
  options.max_request = parse_size(arguments.max_request);
  options.max_connections = parse_count(arguments.max_connections);
  options.finish_abandoned = arguments.finish_abandoned;
  options.why = arguments.why;
  options.access_log = arguments.access_log;
  options.junit = arguments.junit;
  return options;
}

}  // namespace llmcache::serve
