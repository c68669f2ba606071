// One answer on its way to a client.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "answers/source.h"
#include "event_loop.h"
#include "monitor/access_log.h"
#include "monitor/metrics.h"
#include "server/exchange.h"
#include "server/messages.h"
#include "server/request.h"

namespace llmcache::serve {

// Where an answer goes.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  virtual LoopExecutor executor() = 0;
  virtual bool http_1_0() const = 0;
  virtual bool keeps_alive() const = 0;
  virtual void close_after_answer() = 0;
  // Called once if the client goes away before its answer is written; at once if it already has.
  virtual void on_gone(std::function<void()> handler) = 0;
  // Why the rest of the request could not be read, after which the client counts as gone.
  virtual const std::optional<OwnError>& refusal() const = 0;
  // Writes all parts. Throws boost::system::system_error if the client has gone or does not read.
  virtual Awaitable<void> write(std::array<std::string_view, 3> parts) = 0;
  // Resets the connection, so that the client cannot take what it has received for a whole answer.
  virtual void abort() = 0;
};

// Writes one answer and keeps its record, which is counted and logged when the answer has ended.
class Reply {
 public:
  Reply(const Request& request, ResponseWriter& writer, Metrics& metrics, AccessLog& log);
  ~Reply();
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  Exchange& exchange() { return exchange_; }
  // Adds fields to every answer to this request.
  void add_fields(const Headers& fields);
  void set_cache_status(std::string value) { cache_status_ = std::move(value); }
  void take(const libcache::Metadata& metadata);

  // A whole body whose size is known.
  Awaitable<void> write_body(int status, Headers fields, std::string_view body);
  Awaitable<void> write_error(const OwnError& error);
  // `pace`: how many times faster than recorded; nothing: at once.
  Awaitable<void> write_hit(const Hit& hit, std::optional<double> pace);
  // Passes an answer on as it arrives. False: it was withdrawn before anything of it was written.
  Awaitable<bool> write_miss(const Miss& miss);
  Awaitable<bool> write_transfer(const std::shared_ptr<Transfer>& transfer, bool follows);

 private:
  Awaitable<void> write_recorded(const Hit& hit, Headers fields, std::optional<double> pace);
  Awaitable<bool> write_from(Transfer::Reader& reader);
  void describe_miss(const Miss& miss);
  Awaitable<void> write_head(int status, Headers fields, std::string_view body, std::string_view reason = {});
  Awaitable<void> begin_pieces(int status, Headers fields, std::string_view reason = {});
  Awaitable<void> write_piece(std::string_view piece);
  Awaitable<void> end_pieces();
  void break_off();
  Awaitable<void> wait_until(libcache::Milliseconds at, double pace);

  const Request& request_;
  ResponseWriter& writer_;
  Metrics& metrics_;
  AccessLog& log_;
  Exchange exchange_;
  Headers extra_;
  std::string cache_status_;
  std::optional<Miss> miss_;
  bool chunked_ = false;
  bool has_length_ = false;
};

}  // namespace llmcache::serve
