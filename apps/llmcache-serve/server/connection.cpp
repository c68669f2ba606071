#include "server/connection.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <exception>
#include <utility>

#include "event_loop.h"
#include "server/messages.h"
#include "server/service.h"
#include "text.h"

namespace llmcache::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

using PlainStream = ClientSocket;
using TlsStream = asio::ssl::stream<ClientSocket>;

constexpr std::size_t kReadBytes = 16 * 1024;
// How much is read ahead, while an answer is written and between requests. Most requests fit.
constexpr std::size_t kReadAheadBytes = 4 * 1024;
constexpr std::uint32_t kMostFieldBytes = 64 * 1024;
// Between two requests of one client, and while a client does not read what is sent to it.
constexpr std::chrono::seconds kIdleTime{75};
constexpr std::chrono::seconds kWriteTime{60};
// How long input is still read after a request was refused.
constexpr std::chrono::seconds kDiscardTime{2};
constexpr std::size_t kMostDiscardedBytes = 256 * 1024 * 1024;

// Cancels an operation of a socket that takes too long; one operation at a time. The timer is not set for each operation:
// if the current one still has time when the timer expires, the timer is set again.
class TimeLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TimeLimit(ClientSocket::lowest_layer_type& socket) : socket_(socket), timer_(socket.get_executor()) {}

  void start(Clock::duration limit) {
    expired_ = false;
    end_ = Clock::now() + limit;
    if (!timer_end_ || *end_ < *timer_end_) set_timer();
  }
  void stop() { end_.reset(); }
  bool expired() const { return expired_; }

 private:
  void set_timer() {
    timer_end_ = end_;
    timer_.expires_at(*end_);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](error_code error) {
      if (error || alive.expired()) return;
      timer_end_.reset();
      if (!end_) return;
      if (*end_ > Clock::now()) return set_timer();
      end_.reset();
      expired_ = true;
      error_code ignored;
      (void)socket_.cancel(ignored);
    });
  }

  ClientSocket::lowest_layer_type& socket_;
  Timer timer_;
  std::optional<Clock::time_point> end_;        // of the current operation
  std::optional<Clock::time_point> timer_end_;  // when the timer expires, if it is set
  bool expired_ = false;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

template <class Stream>
class Connection final : public ResponseWriter, public std::enable_shared_from_this<Connection<Stream>> {
 public:
  template <class... Arguments>
  Connection(Service& service, std::string local_address, Arguments&&... arguments)
      : service_(service),
        local_address_(std::move(local_address)),
        stream_(std::forward<Arguments>(arguments)...),
        reading_(stream_.lowest_layer()),
        writing_(stream_.lowest_layer()) {}

  Awaitable<void> run() {
    const Service::Membership membership(service_, [this] {
      if (idle_) cancel();
    });
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      reading_.start(service_.options().header_timeout);
      co_await stream_.async_handshake(asio::ssl::stream_base::server, use_awaitable);
      reading_.stop();
    }
    while (co_await read_request()) {
      keep_alive_ = request_.keep_alive && !request_.http_1_0 && !service_.draining();
      gone_ = false;
      read_ahead();
      co_await service_.answer(request_, local_address_, *this);
      on_gone_ = nullptr;
      if (!keep_alive_ || service_.draining() || !co_await next_request_begins()) break;
    }
    close();
  }

  void close() {
    on_gone_ = nullptr;
    error_code ignored;
    stream_.lowest_layer().shutdown(asio::socket_base::shutdown_send, ignored);
    cancel();
  }

  // ResponseWriter
  LoopExecutor executor() override { return stream_.get_executor(); }
  bool http_1_0() const override { return request_.http_1_0; }
  bool keeps_alive() const override { return keep_alive_ && !service_.draining(); }
  void close_after_answer() override { keep_alive_ = false; }
  void on_gone(std::function<void()> handler) override {
    on_gone_ = std::move(handler);
    if (gone_ && on_gone_) on_gone_();
  }
  Awaitable<void> write(std::array<std::string_view, 3> parts) override {
    const std::array<asio::const_buffer, 3> buffers{asio::buffer(parts[0]), asio::buffer(parts[1]),
                                                    asio::buffer(parts[2])};
    beast::buffers_suffix left(buffers);
    while (beast::buffer_bytes(left) > 0) {
      // For each piece: a large body may take its time as long as the client reads.
      writing_.start(kWriteTime);
      left.consume(co_await stream_.async_write_some(left, use_awaitable));
    }
    writing_.stop();
  }
  void abort() override {
    keep_alive_ = false;
    error_code ignored;
    // The client gets a reset instead of an orderly end.
    stream_.lowest_layer().set_option(asio::socket_base::linger(true, 0), ignored);
    stream_.lowest_layer().close(ignored);
  }

 private:
  void cancel() {
    error_code ignored;
    stream_.lowest_layer().cancel(ignored);
  }

  // Reads ahead while an answer is written, to notice when the client goes away. What it reads belongs to the next
  // request.
  void read_ahead() {
    if (buffer_.size() > 0) return;
    reading_ahead_ = true;
    stream_.async_read_some(buffer_.prepare(kReadAheadBytes),
                            [this, alive = this->shared_from_this()](error_code error, std::size_t size) {
                              buffer_.commit(size);
                              reading_ahead_ = false;
                              gone_ = static_cast<bool>(error);
                              if (gone_ && on_gone_) on_gone_();
                              read_ahead_ended_.cancel();
                            });
  }

  // Waits for the next request's first bytes; false: there is none.
  Awaitable<bool> next_request_begins() {
    error_code woken;
    idle_ = true;
    reading_.start(kIdleTime);
    while (reading_ahead_) co_await read_ahead_ended_.async_wait(asio::redirect_error(use_awaitable, woken));
    reading_.stop();
    idle_ = false;
    co_return !gone_;
  }

  // Reads one request into request_. False: the client has gone or was turned away.
  Awaitable<bool> read_request() {
    http::request_parser<http::string_body> parser;
    parser.header_limit(kMostFieldBytes);
    parser.body_limit(service_.options().max_request);
    reading_.start(service_.options().header_timeout);
    error_code error = co_await skip_empty_lines();
    if (!error) {
      co_await http::async_read_header(stream_, buffer_, parser, asio::redirect_error(use_awaitable, error));
    }
    if (!error) {
      // Before reading the body, after which the parser's fields include the trailers.
      take_head(parser.get());
      if (!has_known_framing()) error = http::error::bad_transfer_encoding;
    }
    if (!error) error = co_await read_body(parser);
    reading_.stop();
    if (error) {
      co_await refuse(error);
      co_return false;
    }
    request_.body = std::make_shared<const std::string>(std::move(parser.get().body()));
    co_return true;
  }

  // Of the transfer codings only chunked is known, and HTTP/1.0 has none: the end of any other body would be a guess
  // (RFC 9112, section 6.3).
  bool has_known_framing() const {
    const auto coding = request_.headers.first("transfer-encoding");
    if (!coding) return true;
    return !request_.http_1_0 && request_.headers.count("transfer-encoding") == 1 &&
           equals_ignoring_case(*coding, "chunked");
  }

  Awaitable<error_code> read_body(http::request_parser<http::string_body>& parser) {
    error_code error;
    if (!parser.is_done() && beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(stream_, asio::buffer(kContinue), asio::redirect_error(use_awaitable, error));
    }
    while (!error && !parser.is_done()) {
      // For each piece: a large body may take its time as long as it arrives.
      reading_.start(service_.options().header_timeout);
      co_await http::async_read_some(stream_, buffer_, parser, asio::redirect_error(use_awaitable, error));
    }
    co_return error;
  }

  // Answers a malformed or incomplete request. A client that closed the connection gets no answer.
  Awaitable<void> refuse(error_code error) {
    std::optional<OwnError> refusal;
    if (reading_.expired()) {
      refusal = own_errors::request_timeout();
    } else if (error == http::error::header_limit) {
      refusal = own_errors::fields_too_large();
    } else if (error == http::error::body_limit) {
      refusal = own_errors::too_large(
          fmt::format("the request is larger than --max-request ({} bytes)", service_.options().max_request));
    } else if (error.category() == make_error_code(http::error::bad_method).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      refusal = own_errors::malformed("malformed HTTP: " + error.message());
    }
    if (!refusal) co_return;
    request_ = {};
    keep_alive_ = false;
    co_await service_.refuse(*refusal, *this);
    co_await discard_input();
  }

  // Reads for a moment what the client is still sending: closing a socket with unread input resets the connection, and
  // the client might lose the answer.
  Awaitable<void> discard_input() {
    error_code error;
    stream_.lowest_layer().shutdown(asio::socket_base::shutdown_send, error);
    std::size_t most = kMostDiscardedBytes;
    reading_.start(kDiscardTime);
    while (!error && most > 0) {
      buffer_.clear();
      const std::size_t size =
          co_await stream_.async_read_some(buffer_.prepare(kReadBytes), asio::redirect_error(use_awaitable, error));
      most -= std::min(most, size);
    }
    reading_.stop();
  }

  void take_head(const http::request<http::string_body>& message) {
    request_ = {};
    request_.method = std::string(message.method_string());
    request_.target = std::string(message.target());
    request_.http_1_0 = message.version() == 10;
    request_.keep_alive = message.keep_alive();
    for (const auto& field : message) {
      request_.headers.add(std::string(field.name_string()), std::string(field.value()));
    }
    take_absolute_target();
  }

  // A target with a scheme and a host, as a client sends it to a proxy: its host counts (RFC 9112, section 3.2.2).
  void take_absolute_target() {
    const std::string target = request_.target;
    if (!starts_with_ignoring_case(target, "http://") && !starts_with_ignoring_case(target, "https://")) return;
    const std::size_t host = target.find("://") + 3;
    const std::size_t path = std::min(target.find_first_of("/?", host), target.size());
    if (request_.headers.count("host") == 1) {
      request_.headers.remove("host");
      request_.headers.add("host", target.substr(host, path - host));
    }
    request_.target = target.substr(path);
    if (!request_.target.starts_with('/')) request_.target.insert(0, 1, '/');
  }

  // The empty lines that some clients send after a body (RFC 9112, section 2.2).
  Awaitable<error_code> skip_empty_lines() {
    error_code error;
    while (!error) {
      const std::string_view text(static_cast<const char*>(buffer_.data().data()), buffer_.size());
      const std::size_t begin = text.find_first_not_of("\r\n");
      buffer_.consume(std::min(begin, text.size()));
      if (begin != text.npos) break;
      buffer_.commit(co_await stream_.async_read_some(buffer_.prepare(kReadAheadBytes),
                                                      asio::redirect_error(use_awaitable, error)));
    }
    co_return error;
  }

  Service& service_;
  std::string local_address_;
  Stream stream_;
  TimeLimit reading_;
  TimeLimit writing_;
  beast::flat_buffer buffer_;
  Request request_;
  bool keep_alive_ = true;
  bool idle_ = false;
  bool reading_ahead_ = false;
  bool gone_ = false;
  std::function<void()> on_gone_;
  Timer read_ahead_ended_{stream_.get_executor(), Timer::time_point::max()};
};

}  // namespace

Awaitable<void> serve_client(Service& service, Client client, asio::ssl::context* tls) {
  const auto serve = [](auto connection) -> Awaitable<void> {
    try {
      co_await connection->run();
    } catch (const std::exception&) {
      // The client has gone or does not read, or memory has run out: an answer would not arrive.
      connection->close();
    }
  };
  if (tls) {
    co_await serve(std::make_shared<Connection<TlsStream>>(service, std::move(client.local_address),
                                                           std::move(client.socket), *tls));
  } else {
    co_await serve(
        std::make_shared<Connection<PlainStream>>(service, std::move(client.local_address), std::move(client.socket)));
  }
}

Awaitable<void> turn_away(Client client) {
  const OwnError error = own_errors::too_many_connections();
  const std::string body = body_of(error);
  Headers fields = fields_of(error);
  fields.add("content-length", std::to_string(body.size()));
  fields.add("connection", "close");
  const std::string text = head_text(error.status, fields) + body;
  error_code ignored;
  TimeLimit limit(client.socket);
  limit.start(kDiscardTime);
  co_await asio::async_write(client.socket, asio::buffer(text), asio::redirect_error(use_awaitable, ignored));
  // As in discard_input().
  (void)client.socket.shutdown(asio::socket_base::shutdown_send, ignored);
  std::array<char, 4096> unread;
  for (std::size_t most = kMostFieldBytes; most > 0;) {
    error_code ended;
    const std::size_t size =
        co_await client.socket.async_read_some(asio::buffer(unread), asio::redirect_error(use_awaitable, ended));
    if (ended) break;
    most -= std::min(most, size);
  }
}

}  // namespace llmcache::serve
