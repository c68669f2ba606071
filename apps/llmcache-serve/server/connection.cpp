#include "server/connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "event_loop.h"
#include "server/messages.h"
#include "server/request_reader.h"
#include "server/service.h"
#include "server/time_limit.h"

namespace llmcache::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

using PlainStream = ClientSocket;
using TlsStream = asio::ssl::stream<ClientSocket>;

// Between two requests of one client, and while a client does not read what is sent to it.
constexpr std::chrono::seconds kIdleTime{75};
constexpr std::chrono::seconds kWriteTime{60};
// A client may take its time to answer the closing alert of TLS.
constexpr std::chrono::seconds kShutdownTime{1};

template <class Stream>
class Connection final : public ResponseWriter, public std::enable_shared_from_this<Connection<Stream>> {
 public:
  template <class... Arguments>
  Connection(Service& service, std::string local_address, Arguments&&... arguments)
      : service_(service),
        local_address_(std::move(local_address)),
        stream_(std::forward<Arguments>(arguments)...),
        reading_(stream_.lowest_layer()),
        writing_(stream_.lowest_layer()),
        reader_(stream_, reading_, service_.options()) {}

  Awaitable<void> run() {
    const Service::Membership membership(service_, [this] {
      if (idle_ || reader_.waits()) cancel();
    });
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      reading_.start(service_.options().header_timeout);
      co_await stream_.async_handshake(asio::ssl::stream_base::server, use_awaitable);
      reading_.stop();
    }
    while (co_await read_request()) {
      keep_alive_ = request_.keep_alive && !request_.http_1_0 && !service_.draining();
      gone_ = false;
      answer_begun_ = false;
      if (!request_.upload) read_ahead();
      co_await service_.answer(request_, local_address_, *this);
      on_gone_ = nullptr;
      ++answered_;
      if (reader_.has_body_left()) {
        // The answer did not wait for the end of the request.
        co_await stop_reading();
        co_await discard_input(stream_, reading_);
        break;
      }
      if (!keep_alive_ || service_.draining() || !co_await next_request_begins()) break;
    }
    if constexpr (std::is_same_v<Stream, TlsStream>) co_await shut_down_tls();
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
  bool keeps_alive() const override { return keep_alive_ && !service_.draining() && !reader_.has_body_left(); }
  void close_after_answer() override { keep_alive_ = false; }
  void on_gone(std::function<void()> handler) override {
    on_gone_ = std::move(handler);
    if (gone_ && on_gone_) on_gone_();
  }
  const std::optional<OwnError>& refusal() const override { return refusal_; }
  Awaitable<void> write(std::array<std::string_view, 3> parts) override {
    const std::array<asio::const_buffer, 3> buffers{asio::buffer(parts[0]), asio::buffer(parts[1]),
                                                    asio::buffer(parts[2])};
    beast::buffers_suffix left(buffers);
    answer_begun_ = true;
    left.consume(write_at_once(left));
    while (beast::buffer_bytes(left) > 0) {
      // For each piece: a large body may take its time as long as the client reads.
      writing_.start(kWriteTime);
      left.consume(co_await stream_.async_write_some(left, use_awaitable));
      written_at_once_ = 0;
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
  // The body of the request that is being answered.
  class Body final : public Upload {
   public:
    Body(std::weak_ptr<Connection> connection, std::optional<std::uint64_t> size)
        : connection_(std::move(connection)), size_(size) {}
    std::optional<std::uint64_t> size() const override { return size_; }
    void read(std::function<void(std::string)> next) override {
      const auto connection = connection_.lock();
      if (!connection || connection->request_.upload.get() != this) return;
      asio::co_spawn(connection->executor(), connection->read_piece(std::move(next)), [connection](auto) {});
    }

   private:
    const std::weak_ptr<Connection> connection_;
    const std::optional<std::uint64_t> size_;
  };

  Awaitable<void> read_piece(std::function<void(std::string)> next) {
    std::string piece;
    if (reader_.has_body_left()) {
      error_code error;
      is_reading_ = true;
      while (!error && piece.empty() && reader_.has_body_left()) error = co_await reader_.read_piece(piece);
      is_reading_ = false;
      read_ended_.cancel();
      if (error) {
        refusal_ = refusal_of(error);
        co_return note_gone();
      }
      if (!reader_.has_body_left()) read_ahead();
    }
    next(std::move(piece));
  }

  void cancel() {
    error_code ignored;
    stream_.lowest_layer().cancel(ignored);
  }

  // Writes what the socket takes without waiting, which costs half of waiting for it. Now and then nothing, so that a long
  // answer does not keep other clients from their turn.
  template <class Buffers>
  std::size_t write_at_once(const Buffers& buffers) {
    constexpr int kMostInARow = 16;
    if (++written_at_once_ > kMostInARow) return 0;
    if constexpr (std::is_same_v<Stream, PlainStream>) {
      error_code error;  // is found again by the write that waits
      if (!stream_.non_blocking()) stream_.non_blocking(true, error);
      if (!error) return stream_.write_some(buffers, error);
    }
    return 0;
  }

  // A read that has been cancelled still uses the stream until it ends.
  Awaitable<void> stop_reading() {
    cancel();
    error_code ignored;
    while (is_reading_) co_await read_ended_.async_wait(asio::redirect_error(use_awaitable, ignored));
  }

  // Without the closing alert a client could not tell the end of an answer from a connection that was cut (RFC 9112,
  // section 9.8).
  Awaitable<void> shut_down_tls() {
    if (!stream_.lowest_layer().is_open()) co_return;
    co_await stop_reading();
    error_code ignored;
    writing_.start(kShutdownTime);
    co_await stream_.async_shutdown(asio::redirect_error(use_awaitable, ignored));
    writing_.stop();
  }

  // Reads ahead while an answer is written, to notice when the client goes away. What it reads belongs to the next
  // request.
  void read_ahead() {
    if (reader_.buffer().size() > 0) return watch_for_end();
    is_reading_ = true;
    stream_.async_read_some(reader_.buffer().prepare(kReadAheadBytes),
                            [this, alive = this->shared_from_this()](error_code error, std::size_t size) {
                              reader_.buffer().commit(size);
                              is_reading_ = false;
                              if (error && !(error == asio::error::eof && await_reset())) note_gone();
                              if (!error && !idle_) watch_for_end();
                              read_ended_.cancel();
                            });
  }

  // The same while bytes of the next request wait to be read. Of the connection only its end is looked at.
  void watch_for_end() {
    auto& socket = stream_.lowest_layer();
    const auto look = [this, &socket, alive = this->shared_from_this(), answered = answered_](error_code error) {
      if (error || !socket.is_open() || answered != answered_) return;
      char byte = 0;
      const bool is_end = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
      if (is_end && !await_reset()) note_gone();
    };
    socket.async_wait(asio::socket_base::wait_read, look);
  }

  void note_gone() {
    gone_ = true;
    if (on_gone_) on_gone_();
  }

  // A client that sends nothing more may still wait for its answer. An interim response, which every client of HTTP/1.1
  // accepts (RFC 9110, section 15.2), shows it: a client that has gone answers with a reset. False: it cannot be asked.
  bool await_reset() {
    if (std::is_same_v<Stream, TlsStream> || request_.http_1_0 || answer_begun_) return false;
    constexpr std::string_view kInterim = "HTTP/1.1 100 Continue\r\n\r\n";
    auto& socket = stream_.lowest_layer();
    if (::send(socket.native_handle(), kInterim.data(), kInterim.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return false;
    if (reader_.buffer().size() == 0) keep_alive_ = false;
    socket.async_wait(asio::socket_base::wait_error,
                      [this, alive = this->shared_from_this()](error_code) { note_gone(); });
    return true;
  }

  // Waits for the next request's first bytes; false: there is none.
  Awaitable<bool> next_request_begins() {
    error_code woken;
    idle_ = true;
    reading_.start(kIdleTime);
    while (is_reading_) co_await read_ended_.async_wait(asio::redirect_error(use_awaitable, woken));
    reading_.stop();
    idle_ = false;
    co_return !gone_;
  }

  // Reads the next request: whole if its answer may be cached, else only its head. False: the client has gone, or its
  // request was refused.
  Awaitable<bool> read_request() {
    error_code error = co_await reader_.read_head(request_);
    if (!error && request_.is_json_post()) error = co_await reader_.read_body(request_);
    if (error) {
      if (error != http::error::body_limit) request_ = {};  // only a part of it is known
      co_await refuse(refusal_of(error));
      co_return false;
    }
    refusal_.reset();
    if (reader_.has_body_left()) {
      request_.upload = std::make_shared<Body>(this->weak_from_this(), reader_.body_size());
    }
    co_return true;
  }

  // Answers a malformed or incomplete request. A client that closed the connection gets no answer.
  Awaitable<void> refuse(std::optional<OwnError> refusal) {
    if (!refusal) co_return;
    keep_alive_ = false;
    co_await service_.refuse(request_, *refusal, *this);
    co_await discard_input(stream_, reading_);
  }

  // Nothing: the client has gone.
  std::optional<OwnError> refusal_of(error_code error) const {
    if (reading_.expired()) return own_errors::request_timeout();
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return own_errors::fields_too_large();
    if (error == http::error::body_limit) {
      return own_errors::too_large(
          fmt::format("the request is larger than --max-request ({} bytes)", service_.options().max_request));
    }
    const bool is_malformed = error.category() == make_error_code(http::error::bad_method).category() &&
                              error != http::error::end_of_stream && error != http::error::partial_message;
    if (is_malformed) return own_errors::malformed("malformed HTTP: " + error.message());
    return std::nullopt;
  }

  Service& service_;
  std::string local_address_;
  Stream stream_;
  TimeLimit reading_;
  TimeLimit writing_;
  RequestReader<Stream> reader_;
  Request request_;
  bool keep_alive_ = true;
  bool idle_ = false;
  bool is_reading_ = false;
  bool gone_ = false;
  bool answer_begun_ = false;
  int written_at_once_ = 0;
  std::uint64_t answered_ = 0;  // requests so far
  std::function<void()> on_gone_;
  std::optional<OwnError> refusal_;
  Timer read_ended_{stream_.get_executor(), Timer::time_point::max()};
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
  limit.start(kWriteTime);
  co_await asio::async_write(client.socket, asio::buffer(text), asio::redirect_error(use_awaitable, ignored));
  co_await discard_input(client.socket, limit);
}

}  // namespace llmcache::serve
