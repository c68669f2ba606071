#include "server/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "event_loop.h"
#include "failure.h"
#include "options.h"
#include "process/descriptor.h"
#include "text.h"

namespace llmcache::serve {

namespace asio = boost::asio;

namespace {

constexpr int kFirstInherited = 3;

[[noreturn]] void fail_to_listen(const std::string& address, const char* why) {
  throw Failure(Exit::refused, fmt::format("{}: {}; another address can be given with --listen", address, why));
}

// The numeric address of a socket name; empty for a unix socket.
std::string numeric_host(const sockaddr_storage& name) {
  char text[INET6_ADDRSTRLEN] = {};
  if (name.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(name).sin_addr, text, sizeof text);
  } else if (name.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(name).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
      ::inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
    } else {
      ::inet_ntop(AF_INET6, &address, text, sizeof text);
    }
  }
  return text;
}

int port_of(const sockaddr_storage& name) {
  return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(name).sin6_port
                                          : reinterpret_cast<const sockaddr_in&>(name).sin_port);
}

sockaddr_storage local_name(int descriptor) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &size);
  return name;
}

bool is_loopback_address(const sockaddr_storage& name) {
  const bool is_ipv6 = name.ss_family == AF_INET6;
  const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(name).sin6_addr;
  if (is_ipv6 && IN6_IS_ADDR_V4MAPPED(&ipv6)) return ipv6.s6_addr[12] == 127;
  if (name.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in&>(name).sin_addr.s_addr) >> 24) == 127;
  }
  return !is_ipv6 || IN6_IS_ADDR_LOOPBACK(&ipv6);
}

// A socket that nobody listens on any more is a leftover of a process that was killed.
bool is_stale_socket(const sockaddr_un& name) {
  struct stat state{};
  if (::lstat(name.sun_path, &state) != 0 || !S_ISSOCK(state.st_mode)) return false;
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (probe.number() < 0) return false;
  const auto* const address = reinterpret_cast<const sockaddr*>(&name);
  return ::connect(probe.number(), address, sizeof name) != 0 && errno == ECONNREFUSED;
}

int listen_unix(const std::string& address, const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path)
    usage_error(fmt::format("--listen {}: the path is empty or too long", address));
  path.copy(name.sun_path, path.size());
  if (is_stale_socket(name)) ::unlink(name.sun_path);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) fail_to_listen(address, std::strerror(errno));
  // Only this user may connect, whatever the umask.
  const mode_t mask = ::umask(0177);
  const bool listens = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 &&
                       ::listen(descriptor, SOMAXCONN) == 0;
  const int error = errno;
  ::umask(mask);
  if (!listens) {
    ::close(descriptor);
    fail_to_listen(address, std::strerror(error));
  }
  return descriptor;
}

int listen_tcp(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::string host = colon == address.npos ? "" : address.substr(0, colon);
  const std::string port = colon == address.npos ? "" : address.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || !whole_number<std::uint16_t>(port)) {
    usage_error(fmt::format("--listen {}: expected HOST:PORT or unix:PATH", address));
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    fail_to_listen(address, ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  const int descriptor = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (descriptor < 0 || ::bind(descriptor, found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(descriptor, SOMAXCONN) != 0) {
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    fail_to_listen(address, std::strerror(error));
  }
  return descriptor;
}

}  // namespace

Listener::Listener(asio::io_context& loop, int descriptor) : acceptor_(loop) {
  const sockaddr_storage name = local_name(descriptor);
  acceptor_.assign(asio::generic::stream_protocol(name.ss_family, 0), descriptor);
  is_unix_ = name.ss_family == AF_UNIX;
  is_loopback_ = is_loopback_address(name);
  if (is_unix_) {
    name_ = std::string(kUnixAddress) + reinterpret_cast<const sockaddr_un&>(name).sun_path;
  } else {
    const std::string host = numeric_host(name);
    const bool is_ipv6 = host.find(':') != std::string::npos;
    name_ = fmt::format("{}:{}", is_ipv6 ? "[" + host + "]" : host, port_of(name));
  }
}

Listener::~Listener() {
  // Another server may have taken the path since.
  struct stat state{};
  const bool is_ours = !socket_path_.empty() && ::lstat(socket_path_.c_str(), &state) == 0 &&
                       state.st_ino == socket_file_.st_ino && state.st_dev == socket_file_.st_dev;
  if (is_ours) ::unlink(socket_path_.c_str());
}

std::unique_ptr<Listener> Listener::open(asio::io_context& loop, const std::string& address) {
  const bool is_unix = address.starts_with(kUnixAddress);
  const std::string path = is_unix ? address.substr(kUnixAddress.size()) : "";
  std::unique_ptr<Listener> listener(new Listener(loop, is_unix ? listen_unix(address, path) : listen_tcp(address)));
  listener->socket_path_ = path;
  if (is_unix) ::lstat(path.c_str(), &listener->socket_file_);
  return listener;
}

std::vector<std::unique_ptr<Listener>> Listener::inherited(asio::io_context& loop) {
  std::vector<std::unique_ptr<Listener>> listeners;
  const char* process = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  if (!process || !count || whole_number<pid_t>(process) != ::getpid()) return listeners;
  for (int i = 0; i < whole_number<int>(count).value_or(0); ++i)
    listeners.emplace_back(new Listener(loop, kFirstInherited + i));
  // They are this process's, not COMMAND's.
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  return listeners;
}

Awaitable<std::optional<Client>> Listener::accept() {
  ClientSocket socket(acceptor_.get_executor());
  boost::system::error_code error;
  co_await acceptor_.async_accept(socket, asio::redirect_error(use_awaitable, error));
  if (error) co_return std::nullopt;
  const std::string local = numeric_host(local_name(socket.native_handle()));
  if (!is_unix_) {
    const int on = 1;
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  co_return Client{std::move(socket), local};
}

void Listener::close() {
  boost::system::error_code ignored;
  (void)acceptor_.close(ignored);
}

std::string Listener::url(bool tls) const {
  return is_unix_ ? name_ : (tls ? "https://" : "http://") + name_;
}

}  // namespace llmcache::serve
