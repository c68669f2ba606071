// The options of `llmcache serve`. The server is a program of its own, so that no other command pays for the start-up of
// its libraries: this command only starts it.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace llmcache {

inline constexpr std::string_view kServerProgram = "llmcache-serve";

// As they were written; empty: not given.
struct ServeArguments {
  std::vector<std::string> listen;
  std::vector<std::string> upstreams;
  std::string mode = "auto";
  std::string pace = "none";
  bool shared = false;
  std::string session_from;
  std::string session_secret_file;
  std::vector<std::string> allow_hosts;
  std::vector<std::string> allow_origins;
  std::string tls_certificate;
  std::string tls_key;
  std::string upstream_ca_file;
  std::string upstream_connect_timeout = "10s";
  std::string upstream_idle_timeout = "10m";
  std::string header_timeout = "10s";
  std::string drain = "30s";
  std::string max_request = "64M";
  std::string max_connections = "1024";
  bool finish_abandoned = false;
  bool why = false;
  std::string access_log;
  std::string junit;
  std::vector<std::string> command;
};

class Serve : public Command {
 public:
  CommandHelp help() const override;
  void declare(Options& options) override;
  std::string_view program() const override { return kServerProgram; }
  Exit run(Context& context) override;

  const ServeArguments& arguments() const { return arguments_; }

 private:
  ServeArguments arguments_;
};

}  // namespace llmcache
