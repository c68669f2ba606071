// Reads requests from a client, within the limits of the options.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "event_loop.h"
#include "options.h"
#include "server/request.h"
#include "server/time_limit.h"
#include "text.h"

namespace llmcache::serve {

// How much is read ahead, while an answer is written and between requests. Most requests fit.
inline constexpr std::size_t kReadAheadBytes = 4 * 1024;

template <class Stream>
class RequestReader {
 public:
  using error_code = boost::system::error_code;

  // The arguments must outlive this. `limit` is the time limit of the stream's reads.
  RequestReader(Stream& stream, TimeLimit& limit, const ServeOptions& options)
      : stream_(stream), reading_(limit), options_(options) {}

  // What was read and belongs to the next request.
  boost::beast::flat_buffer& buffer() { return buffer_; }

  // Whether no byte of the request that is being read has come yet.
  bool waits() const { return waits_; }

  // Reads the next request, without its body. After an error the connection cannot be used for another.
  Awaitable<error_code> read_head(Request& request) {
    parser_.emplace();
    parser_->header_limit(kMostFieldBytes);
    parser_->body_limit(options_.max_request);
    reading_.start(options_.header_timeout);
    error_code error = co_await skip_empty_lines();
    if (!error) {
      co_await boost::beast::http::async_read_header(stream_, buffer_, *parser_,
                                                     boost::asio::redirect_error(use_awaitable, error));
    }
    reading_.stop();
    if (error) {
      if (error == boost::beast::http::error::body_limit) request = head_of(parser_->get());
      co_return error;
    }
    // Before the body is read, after which the parser's fields include the trailers.
    request = head_of(parser_->get());
    waits_to_continue_ = !request.http_1_0 &&  // which has no interim answers
                         equals_ignoring_case(request.headers.first("expect").value_or(""), "100-continue");
    if (!has_known_framing(request)) error = boost::beast::http::error::bad_transfer_encoding;
    co_return error;
  }

  // Whether a part of the body has not been read yet.
  bool has_body_left() const { return parser_ && !parser_->is_done(); }

  // The size of a body that has not been read, if the request says it.
  std::optional<std::uint64_t> body_size() const {
    const auto size = parser_->content_length();
    return size ? std::optional<std::uint64_t>(*size) : std::nullopt;
  }

  Awaitable<error_code> read_body(Request& request) {
    error_code error;
    std::string body;
    while (!error && has_body_left()) error = co_await read_piece(body);
    request.body = std::make_shared<const std::string>(std::move(body));
    co_return error;
  }

  // Adds the next piece of the body to `body`.
  Awaitable<error_code> read_piece(std::string& body) {
    error_code error;
    if (std::exchange(waits_to_continue_, false)) {
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await boost::asio::async_write(stream_, boost::asio::buffer(kContinue),
                                        boost::asio::redirect_error(use_awaitable, error));
    }
    // The parser continues the text, and takes memory for all of it as soon as it knows the size.
    std::swap(parser_->get().body(), body);
    // For each piece: a large body may take its time as long as it arrives.
    reading_.start(options_.header_timeout);
    if (!error) {
      co_await boost::beast::http::async_read_some(stream_, buffer_, *parser_,
                                                   boost::asio::redirect_error(use_awaitable, error));
    }
    reading_.stop();
    std::swap(parser_->get().body(), body);
    co_return error;
  }

 private:
  using Message = boost::beast::http::request<boost::beast::http::string_body>;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  static constexpr std::uint32_t kMostFieldBytes = 64 * 1024;

  // Of the transfer codings only chunked is known, and HTTP/1.0 has none: the end of any other body would be a guess
  // (RFC 9112, section 6.3).
  static bool has_known_framing(const Request& request) {
    const auto coding = request.headers.first("transfer-encoding");
    if (!coding) return true;
    return !request.http_1_0 && request.headers.count("transfer-encoding") == 1 &&
           equals_ignoring_case(*coding, "chunked");
  }

  static Request head_of(const Message& message) {
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.http_1_0 = message.version() == 10;
    for (const auto& field : message) {
      request.headers.add(std::string(field.name_string()), std::string(field.value()));
    }
    // Beast looks at the first field of the name only.
    const auto closes = [](std::string_view option) { return equals_ignoring_case(option, "close"); };
    request.keep_alive = message.keep_alive() && std::ranges::none_of(request.headers.list("connection"), closes);
    take_absolute_target(request);
    return request;
  }

  // A target with a scheme and a host, as a client sends it to a proxy: its host counts (RFC 9112, section 3.2.2).
  static void take_absolute_target(Request& request) {
    const std::string target = request.target;
    if (!starts_with_ignoring_case(target, "http://") && !starts_with_ignoring_case(target, "https://")) return;
    const std::size_t host = target.find("://") + 3;
    const std::size_t path = std::min(target.find_first_of("/?", host), target.size());
    if (request.headers.count("host") == 1) {
      request.headers.remove("host");
      request.headers.add("host", target.substr(host, path - host));
    }
    request.target = target.substr(path);
    if (!request.target.starts_with('/')) request.target.insert(0, 1, '/');
  }

  // The empty lines that some clients send after a body (RFC 9112, section 2.2).
  Awaitable<error_code> skip_empty_lines() {
    error_code error;
    waits_ = true;
    while (!error) {
      const std::string_view text(static_cast<const char*>(buffer_.data().data()), buffer_.size());
      const std::size_t begin = text.find_first_not_of("\r\n");
      buffer_.consume(std::min(begin, text.size()));
      if (begin != text.npos) break;
      buffer_.commit(co_await stream_.async_read_some(buffer_.prepare(kReadAheadBytes),
                                                      boost::asio::redirect_error(use_awaitable, error)));
    }
    waits_ = false;
    co_return error;
  }

  Stream& stream_;
  TimeLimit& reading_;
  const ServeOptions& options_;
  // A head, the extension of a chunk and the trailers must fit in it: the parser reads each whole, and Beast can keep no longer
  // field.
  boost::beast::flat_buffer buffer_{kMostFieldBytes};
  std::optional<Parser> parser_;  // of the request that is being read
  bool waits_ = false;
  bool waits_to_continue_ = false;  // the client waits for an interim answer before it sends the body
};

// Reads for a moment what the client is still sending: closing a socket with unread input resets the connection, and
// the client might lose the answer.
template <class Stream>
Awaitable<void> discard_input(Stream& stream, TimeLimit& limit) {
  boost::system::error_code error;
  stream.lowest_layer().shutdown(boost::asio::socket_base::shutdown_send, error);
  constexpr std::chrono::seconds kTime{2};
  constexpr std::size_t kMost = 256 * 1024 * 1024;
  std::array<char, 16 * 1024> unread;
  std::size_t most = kMost;
  limit.start(kTime);
  while (!error && most > 0) {
    const std::size_t size =
        co_await stream.async_read_some(boost::asio::buffer(unread), boost::asio::redirect_error(use_awaitable, error));
    most -= std::min(most, size);
  }
  limit.stop();
}

}  // namespace llmcache::serve
