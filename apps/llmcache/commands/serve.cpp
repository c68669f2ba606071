#include "commands/serve.h"

#include <stdexcept>

#include "commands/all.h"
#include "config/mode.h"
#include "config/values.h"

namespace llmcache {

CommandHelp Serve::help() const {
  return {"[options] [-- COMMAND...]",
          R"(Serves the cache as an HTTP proxy in front of LLM APIs: an SDK uses it by
pointing its base URL here. With a COMMAND, runs it with the URLs of the server
in its environment, and exits with its code.)",
          "store session ttl ignore json",
          R"(  llmcache serve
  llmcache serve --mode replay --store dir:tests/fixtures -- npm test)"};
}

void Serve::declare(Options& options) {
  ServeArguments& a = arguments_;
  options.value("--listen", "ADDRESS", a.listen, "HOST:PORT or unix:PATH; repeatable (default 127.0.0.1:8090)");
  options.value("--upstream", "[NAME=]URL", a.upstreams, "adds or replaces an upstream; without NAME: the only one");
  options.value("--mode", "MODE", a.mode, "auto (default), replay, refresh or off, as for run").choices =
      names_of(kModes);
  options.value("--pace", "PACE", a.pace, "of streams from the cache: none (default), recorded, or xN");
  options.flag("--shared", a.shared, "lets callers on other machines share answers");
  options.value("--session-from", "authorization", a.session_from, "makes each caller's session from its credential")
      .choices = {"authorization"};
  options.value("--session-secret-file", "FILE", a.session_secret_file, "the secret that these sessions are made with");
  options.value("--allow-host", "HOST", a.allow_hosts, "another name of this server; repeatable");
  options.value("--allow-origin", "ORIGIN", a.allow_origins, "web pages of this origin may use the server; repeatable");
  options.value("--tls-cert", "FILE", a.tls_certificate, "serves HTTPS with this certificate chain (PEM)");
  options.value("--tls-key", "FILE", a.tls_key, "the certificate's key (PEM)");
  options.value("--upstream-cacert", "FILE", a.upstream_ca_file, "authorities that vouch for upstreams (PEM)");
  options.value("--upstream-connect-timeout", "D", a.upstream_connect_timeout,
                "how long connecting to an upstream may take (default 10s)");
  options.value("--upstream-idle-timeout", "D", a.upstream_idle_timeout,
                "how long to wait for the next byte of an upstream (default 10m)");
  options.value("--header-timeout", "D", a.header_timeout, "how long a request may take to arrive (default 10s)");
  options.value("--drain", "D", a.drain, "how long requests may take to finish after SIGTERM (default 30s)");
  options.value("--max-request", "SIZE", a.max_request, "the largest request body (default 64M)");
  options.value("--max-connections", "N", a.max_connections,
                "how many connections may be open at one time (default 1024)");
  options.flag("--why", a.why, "on a miss, says which stored request is nearest and where it differs");
  options.flag("--finish-abandoned", a.finish_abandoned, "finishes and stores answers whose clients have gone");
  options.value("--access-log", "FILE", a.access_log, "one JSON line for each request; - is stdout");
  options.value("--junit", "FILE", a.junit, "writes requests without a recorded answer as a JUnit report");
  options.command("COMMAND", a.command, "runs with the server's URLs in its environment");
}

Exit Serve::run(Context&) {
  throw std::logic_error("serve runs in llmcache-serve");
}

std::unique_ptr<Command> make_serve() {
  return std::make_unique<Serve>();
}

}  // namespace llmcache
