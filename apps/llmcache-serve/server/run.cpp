#include "server/run.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <csignal>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "answers/source.h"
#include "command/child.h"
#include "event_loop.h"
#include "http/credential_session.h"
#include "monitor/junit.h"
#include "monitor/unused_fixtures.h"
#include "process/descriptor.h"
#include "server/listener.h"
#include "server/service.h"
#include "server/tls.h"

namespace llmcache::serve {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

namespace {

constexpr std::chrono::milliseconds kAcceptPause{50};
constexpr std::size_t kMostTurnedAway = 64;  // at one time

// An event loop whose handlers can be destroyed before what they refer to.
class Loop : public asio::io_context {
 public:
  Loop() : asio::io_context(1) {}
  using asio::io_context::shutdown;
};

// Tells the service manager that the server is ready (sd_notify(3)).
void notify_ready() {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (!path || (*path != '/' && *path != '@')) return;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string_view text = path;
  if (text.size() >= sizeof name.sun_path) return;
  text.copy(name.sun_path, text.size());
  if (*path == '@') name.sun_path[0] = '\0';
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.number() < 0) return;
  constexpr std::string_view kReady = "READY=1";
  ::sendto(socket.number(), kReady.data(), kReady.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&name),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size()));
}

// Credentials of requests in flight are in this process's memory: the kernel is not to write it to a file. A limit of one
// byte, because 0 would not keep it from sending a core dump to a program (core(5)).
void forbid_core_dumps() {
  constexpr rlimit kNone{1, 1};
  ::setrlimit(RLIMIT_CORE, &kNone);
}

// A client and the upstream call for it take a descriptor each: as many as the system lets this process have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Settings that nobody can have meant for a server.
void warn_of_settings(const Context& context) {
  const auto& ttl = context.settings().cache.ttl.duration;
  if (ttl && ttl->count() <= 0) context.report().warn("no answer will be stored: the TTL is 0");
  if (context.is_flag("endpoint")) {
    context.report().warn("--endpoint has no effect: the endpoint of a request is its upstream's URL");
  }
}

class Server {
 public:
  Server(const ServeOptions& options, Context& context)
      : options_(options),
        context_(context),
        log_(options.access_log, context.report()),
        tls_(open_tls(options)),
        unused_(context),
        answers_(loop_, options, context, metrics_),
        service_(options, secret(options), answers_, metrics_, log_),
        signals_(loop_, SIGINT, SIGTERM),
        drained_(loop_),
        child_(loop_) {}

  int run() {
    std::signal(SIGHUP, SIG_IGN);
    if (!options_.junit.empty()) write_junit(options_.junit, {});  // a path that cannot be written is found now
    listen();
    for (const auto& listener : listeners_) asio::co_spawn(loop_, accept(*listener), asio::detached);
    asio::co_spawn(loop_, answers_.keep_statistics(), asio::detached);
    wait_for_signals();
    if (options_.command.empty()) {
      announce();
      notify_ready();
    } else {
      child_.start(options_.command,
                   client_environment(url_for_command(), options_.upstreams.has_names(), options_.mode == Mode::replay),
                   [this](int code) {
                     exit_code_ = code;
                     kills_command_ ? end_at_once() : drain();
                   });
    }
    // After COMMAND has been started, which inherits the limits.
    raise_descriptor_limit();
    forbid_core_dumps();
    loop_.run();
    answers_.close();
    loop_.shutdown();
    if (!options_.command.empty()) summarize();
    if (!options_.junit.empty()) write_report();
    return exit_code_;
  }

 private:
  void summarize() const {
    context_.report().say(metrics_.summary());
    const auto unused = describe_unused(unused_.paths());
    if (!unused.empty()) context_.report().say(unused);
  }

  // COMMAND's exit code counts, whether or not the report can be written.
  void write_report() const {
    try {
      write_junit(options_.junit, answers_.missed());
    } catch (const Failure& failure) {
      context_.report().warn(failure.what());
    }
  }

  static std::string secret(const ServeOptions& options) {
    return options.session_from_credential ? session_secret(options.session_secret_file) : std::string();
  }

  void listen() {
    listeners_ = Listener::inherited(loop_);
    if (!listeners_.empty()) return check_listeners();
    for (const std::string& address : options_.listen) listeners_.push_back(Listener::open(loop_, address));
    check_listeners();
  }

  void check_listeners() const {
    for (const auto& listener : listeners_) {
      if (listener->is_loopback() || options_.session_from_credential || options_.shared) continue;
      usage_error(
          fmt::format("{} can be reached from other machines: give --session-from authorization, or --shared if "
                      "all callers may share answers",
                      listener->url(tls_ != nullptr)));
    }
  }

  std::string url_for_command() const {
    const auto tcp = std::ranges::find_if(listeners_, [](const auto& listener) { return !listener->is_unix(); });
    if (tcp == listeners_.end())
      usage_error("COMMAND needs a URL, which a unix socket does not have: give --listen HOST:PORT");
    return (*tcp)->url(tls_ != nullptr);
  }

  void announce() {
    std::vector<std::string> urls;
    urls.reserve(listeners_.size());
    for (const auto& listener : listeners_) urls.push_back(listener->url(tls_ != nullptr));
    if (context_.settings().json) {
      context_.out().write(nlohmann::json{{"schema", "llmcache.serve/1"}, {"urls", urls}, {"pid", ::getpid()}}.dump() +
                           "\n");
    } else {
      context_.out().write(fmt::format("llmcache serve: listening on {}\n", fmt::join(urls, ", ")));
    }
    context_.out().flush();
  }

  Awaitable<void> accept(Listener& listener) {
    while (!service_.draining()) {
      auto client = co_await listener.accept();
      if (!client) {
        // Out of descriptors, or a client that has gone already: others may still come.
        Timer pause(loop_, kAcceptPause);
        co_await pause.async_wait(use_awaitable);
      } else if (service_.connections() >= options_.max_connections) {
        // Without an answer where that would take a TLS handshake, and if very many must be turned away.
        if (!tls_ && turning_away_ < kMostTurnedAway) {
          asio::co_spawn(loop_, refuse(*std::move(client)), asio::detached);
        }
      } else {
        asio::co_spawn(loop_, serve(*std::move(client)), asio::detached);
      }
    }
  }

  Awaitable<void> refuse(Client client) {
    ++turning_away_;
    co_await turn_away(std::move(client));
    --turning_away_;
  }

  Awaitable<void> serve(Client client) {
    co_await serve_client(service_, std::move(client), tls_.get());
    if (service_.draining() && service_.connections() == 0) stop();
  }

  void wait_for_signals() {
    signals_.async_wait([this](auto error, int signal) {
      if (error) return;
      if (child_.is_running()) {
        pass_to_command(signal);
      } else if (service_.draining()) {
        end_at_once();
      } else {
        drain();
      }
      wait_for_signals();
    });
  }

  // COMMAND gets the first signal, and as long as requests to end. At a second signal it is killed.
  void pass_to_command(int signal) {
    if (std::exchange(is_command_ending_, true)) return kill_command();
    child_.send(signal);
    drained_.expires_after(options_.drain);
    drained_.async_wait([this](auto error) {
      if (!error) kill_command();
    });
  }

  void kill_command() {
    kills_command_ = true;
    child_.send(SIGKILL);
  }

  void drain() {
    for (const auto& listener : listeners_) listener->close();
    service_.drain();
    if (service_.connections() == 0) return stop();
    drained_.expires_after(options_.drain);
    drained_.async_wait([this](auto error) {
      if (!error) stop();
    });
  }

  void end_at_once() {
    answers_.cancel();
    stop();
  }

  void stop() { loop_.stop(); }

  const ServeOptions& options_;
  Context& context_;
  Loop loop_;
  Metrics metrics_;
  AccessLog log_;
  std::unique_ptr<ssl::context> tls_;
  UnusedFixtures unused_;
  Answers answers_;
  Service service_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  asio::signal_set signals_;
  Timer drained_;
  ChildCommand child_;
  std::size_t turning_away_ = 0;
  bool is_command_ending_ = false;
  bool kills_command_ = false;
  int exit_code_ = 0;
};

}  // namespace

int run_server(const ServeOptions& options, Context& context) {
  warn_of_settings(context);
  return Server(options, context).run();
}

}  // namespace llmcache::serve
