#include "upstream/curl_multi.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>
#include <span>

namespace llmcache::serve {

namespace asio = boost::asio;

namespace {

int open_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw boost::system::system_error(errno, boost::system::system_category());
  return descriptor;
}

}  // namespace

CurlMulti::CurlMulti(asio::io_context& loop) : loop_(loop), timer_(loop), ready_(loop) {}

void CurlMulti::open() {
  constexpr long kMostKeptConnections = 256;
  multi_.reset(curl_multi_init());
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kMostKeptConnections);
  ready_.assign(open_epoll());
  idle_ = Descriptor(open_epoll());
  wait();
}

void CurlMulti::add(CURL* easy, CurlTransfer& transfer) {
  // Not before the first transfer: a COMMAND that is started at the beginning would inherit libcurl's descriptors.
  if (!multi_) open();
  close_spoilt_connections();
  transfers_.emplace(easy, &transfer);
  curl_multi_add_handle(multi_.get(), easy);
}

void CurlMulti::remove(CURL* easy) {
  if (transfers_.erase(easy) > 0) curl_multi_remove_handle(multi_.get(), easy);
}

// Watches the connection of a transfer that has ended. With HTTP/2 the server may send frames at any time.
void CurlMulti::watch_idle(CURL* easy) {
  curl_socket_t number = CURL_SOCKET_BAD;
  long version = CURL_HTTP_VERSION_NONE;
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &number);
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  if (number == CURL_SOCKET_BAD || version >= CURL_HTTP_VERSION_2_0) return;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  event.data.fd = number;
  ::epoll_ctl(idle_.number(), EPOLL_CTL_ADD, number, &event);
}

// What a server sends on a kept connection without being asked does not answer the next request (RFC 9112, section 9.2).
// libcurl 7.88 would take it for one. It does not use a connection again that is shut down.
void CurlMulti::close_spoilt_connections() {
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(idle_.number(), events.data(), events.size(), 0);
  for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
    ::epoll_ctl(idle_.number(), EPOLL_CTL_DEL, event.data.fd, nullptr);
    ::shutdown(event.data.fd, SHUT_RDWR);
  }
}

int CurlMulti::on_socket(CURL*, curl_socket_t number, int wanted, void* self, void*) {
  auto& multi = *static_cast<CurlMulti*>(self);
  const int set = multi.ready_.native_handle();
  if (wanted == CURL_POLL_REMOVE || wanted == CURL_POLL_NONE) {
    if (multi.sockets_.erase(number) > 0) ::epoll_ctl(set, EPOLL_CTL_DEL, number, nullptr);
    return 0;
  }
  const auto [socket, added] = multi.sockets_.try_emplace(number, multi.last_socket_ + 1);
  if (added) {
    ++multi.last_socket_;
    ::epoll_ctl(multi.idle_.number(), EPOLL_CTL_DEL, number, nullptr);  // if it was kept
  }
  epoll_event event{};
  event.events = ((wanted & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((wanted & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
  event.data.u64 = std::uint64_t{socket->second} << 32 | static_cast<std::uint32_t>(number);
  ::epoll_ctl(set, added ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, number, &event);
  return 0;
}

void CurlMulti::wait() {
  ready_.async_wait(asio::posix::descriptor_base::wait_read, [weak = weak_from_this()](auto error) {
    const auto self = weak.lock();
    if (!self || error) return;
    self->act_on_ready_sockets();
    self->wait();
  });
}

void CurlMulti::act_on_ready_sockets() {
  std::array<epoll_event, 256> events{};
  const int count = ::epoll_wait(ready_.native_handle(), events.data(), events.size(), 0);
  for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
    const auto number = static_cast<curl_socket_t>(event.data.u64 & 0xffffffff);
    const auto socket = sockets_.find(number);
    if (socket == sockets_.end() || socket->second != event.data.u64 >> 32) continue;  // closed by an action before
    // libcurl finds out about an error when it reads or writes.
    const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    act(number, (failed || (event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                    (failed || (event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0));
  }
}

int CurlMulti::on_timer(CURLM*, long milliseconds, void* self) {
  auto& multi = *static_cast<CurlMulti*>(self);
  multi.timer_.cancel();
  if (milliseconds < 0) return 0;
  multi.timer_.expires_after(std::chrono::milliseconds(milliseconds));
  multi.timer_.async_wait([weak = multi.weak_from_this()](auto error) {
    if (const auto alive = weak.lock(); alive && !error) alive->act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void CurlMulti::act(curl_socket_t number, int events) {
  int running = 0;
  curl_multi_socket_action(multi_.get(), number, events, &running);
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    watch_idle(message->easy_handle);
    const auto ended = transfers_.find(message->easy_handle);
    if (ended != transfers_.end()) ended->second->on_done(message->data.result);
  }
}

}  // namespace llmcache::serve
