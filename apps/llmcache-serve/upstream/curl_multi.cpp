#include "upstream/curl_multi.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <utility>

namespace llmcache::serve {

namespace asio = boost::asio;

struct CurlMulti::Socket {
  Socket(asio::io_context& loop, curl_socket_t number) : descriptor(loop, number) {}
  asio::posix::basic_stream_descriptor<LoopExecutor> descriptor;
  int wanted = 0;   // CURL_POLL_IN, CURL_POLL_OUT or both
  int waiting = 0;  // those that are being waited for
};

CurlMulti::CurlMulti(asio::io_context& loop) : loop_(loop), timer_(loop) {}

void CurlMulti::open() {
  constexpr long kMostKeptConnections = 256;
  multi_.reset(curl_multi_init());
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kMostKeptConnections);
}

// Sockets are closed by libcurl: the event loop must release them first.
CurlMulti::~CurlMulti() {
  for (auto& [number, socket] : sockets_) socket->descriptor.release();
}

void CurlMulti::add(CURL* easy, CurlTransfer& transfer) {
  // Not before the first transfer: a COMMAND that is started at the beginning would inherit libcurl's descriptors.
  if (!multi_) open();
  transfers_.emplace(easy, &transfer);
  curl_multi_add_handle(multi_.get(), easy);
}

void CurlMulti::remove(CURL* easy) {
  if (transfers_.erase(easy) > 0) curl_multi_remove_handle(multi_.get(), easy);
}

int CurlMulti::on_socket(CURL*, curl_socket_t number, int wanted, void* self, void*) {
  auto& multi = *static_cast<CurlMulti*>(self);
  if (wanted == CURL_POLL_REMOVE) {
    if (const auto found = multi.sockets_.find(number); found != multi.sockets_.end()) {
      found->second->wanted = 0;
      found->second->descriptor.release();
      multi.sockets_.erase(found);
    }
    return 0;
  }
  auto& socket = multi.sockets_[number];
  if (!socket) socket = std::make_shared<Socket>(multi.loop_, number);
  socket->wanted = wanted;
  multi.wait(socket, number);
  return 0;
}

// Waits until the socket is ready as libcurl wants, repeatedly, until libcurl wants something else.
void CurlMulti::wait(const std::shared_ptr<Socket>& socket, curl_socket_t number) {
  for (const int poll : {CURL_POLL_IN, CURL_POLL_OUT}) {
    if ((socket->wanted & poll) != 0 && (socket->waiting & poll) == 0) wait(socket, number, poll);
  }
}

void CurlMulti::wait(const std::shared_ptr<Socket>& socket, curl_socket_t number, int poll) {
  const bool reads = poll == CURL_POLL_IN;
  socket->waiting |= poll;
  const auto on_ready = [weak = weak_from_this(), socket, number, poll, reads](auto error) {
    socket->waiting &= ~poll;
    const auto self = weak.lock();
    if (!self || error == asio::error::operation_aborted || (socket->wanted & poll) == 0) return;
    self->act(number, error ? CURL_CSELECT_ERR : reads ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
    if (socket->wanted != 0) self->wait(socket, number);
  };
  const auto type = reads ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write;
  socket->descriptor.async_wait(type, on_ready);
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
    const auto ended = transfers_.find(message->easy_handle);
    if (ended != transfers_.end()) ended->second->on_done(message->data.result);
  }
}

}  // namespace llmcache::serve
