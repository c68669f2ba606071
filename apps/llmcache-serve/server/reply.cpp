#include "server/reply.h"

#include <fmt/format.h>

#include <algorithm>

#include "event_loop.h"
#include "http/body_fields.h"
#include "server/cache_status.h"

namespace llmcache::serve {

namespace asio = boost::asio;
namespace lc = libcache;

namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string chunk_head(std::size_t size) {
  return fmt::format("{:x}\r\n", size);
}

OwnError error_of(AnswerEnd end, const std::string& message) {
  return end == AnswerEnd::timed_out ? own_errors::timed_out(message) : own_errors::unreachable(message);
}

// Calls a function when the client goes away, as long as this exists.
class GoneHandler {
 public:
  GoneHandler(ResponseWriter& writer, std::function<void()> handler) : writer_(writer) {
    writer_.on_gone(std::move(handler));
  }
  ~GoneHandler() { writer_.on_gone(nullptr); }
  GoneHandler(const GoneHandler&) = delete;
  GoneHandler& operator=(const GoneHandler&) = delete;

 private:
  ResponseWriter& writer_;
};

}  // namespace

Reply::Reply(const Request& request, ResponseWriter& writer, Metrics& metrics, AccessLog& log)
    : request_(request), writer_(writer), metrics_(metrics), log_(log) {
  exchange_.method = request.method;
  exchange_.path = std::string(request.path());
  metrics_.begin();
}

Reply::~Reply() {
  metrics_.end(exchange_);
  log_.write(exchange_);
}

void Reply::add_fields(const Headers& fields) {
  extra_.add(fields);
}

void Reply::take(const lc::Metadata& metadata) {
  exchange_.model = metadata.model;
  exchange_.prompt_tokens = metadata.prompt_tokens;
  exchange_.completion_tokens = metadata.completion_tokens;
}

Awaitable<void> Reply::write_body(int status, Headers fields, std::string_view body) {
  const bool has_body = request_.method != "HEAD";
  constexpr int kNoContent = 204;  // has no length (RFC 9110, section 8.6)
  if (status != kNoContent) fields.add("content-length", std::to_string(body.size()));
  co_await write_head(status, std::move(fields), has_body ? body : "");
}

Awaitable<void> Reply::write_error(const OwnError& error) {
  exchange_.outcome = Outcome::failed;
  exchange_.detail = error.code;
  co_await write_body(error.status, fields_of(error), body_of(error));
}

Awaitable<void> Reply::write_hit(const Hit& hit, std::optional<double> pace) {
  exchange_.outcome = Outcome::hit;
  exchange_.saved = hit.cost;
  take(hit.metadata);
  Headers fields;
  const auto age = std::max(lc::system_now() - hit.entry->created(), lc::Milliseconds(0));
  fields.add("age", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(age).count()));
  if (hit.entry->kind() == lc::EntryKind::stream) co_return co_await write_recorded(hit, std::move(fields), pace);
  if (!hit.body) co_return co_await write_recorded(hit, std::move(fields), std::nullopt);
  if (!*hit.body) co_return co_await write_error(own_errors::unreachable(hit.body->error().message));
  const std::string_view body = std::string_view(**hit.body).substr(lc::http_head_size(**hit.body));
  fields.add(body_fields(hit.metadata, hit.entry->kind(), body));
  co_await write_body(200, std::move(fields), body);
}

// A stream chunk by chunk, or a large body in pieces.
Awaitable<void> Reply::write_recorded(const Hit& hit, Headers fields, std::optional<double> pace) {
  lc::Replay replay(*hit.entry);
  auto chunk = replay.next();
  if (!chunk) co_return co_await write_error(own_errors::unreachable(chunk.error().message));
  const std::size_t head_size = *chunk ? lc::http_head_size((*chunk)->bytes) : 0;
  if (hit.entry->kind() == lc::EntryKind::response) {
    fields.add("content-length", std::to_string(hit.entry->payload_size() - head_size));
  }
  if (*chunk) (*chunk)->bytes.remove_prefix(head_size);
  if (head_size > 0 && (*chunk)->bytes.empty()) chunk = replay.next();
  const std::string_view first_bytes = chunk && *chunk ? (*chunk)->bytes : std::string_view();
  fields.add(body_fields(hit.metadata, hit.entry->kind(), first_bytes));
  co_await begin_pieces(200, std::move(fields));
  for (; chunk && *chunk; chunk = replay.next()) {
    if (pace) co_await wait_until((*chunk)->at, *pace);
    co_await write_piece((*chunk)->bytes);
  }
  if (!chunk) co_return break_off();
  co_await end_pieces();
}

Awaitable<bool> Reply::write_miss(const Miss& miss) {
  miss_ = miss;
  describe_miss(miss);
  co_return co_await write_transfer(miss.transfer, miss.joined);
}

void Reply::describe_miss(const Miss& miss) {
  exchange_.outcome = miss.followed ? Outcome::followed : Outcome::miss;
  cache_status_ = miss_status(miss);
}

Awaitable<bool> Reply::write_transfer(const std::shared_ptr<Transfer>& transfer, bool follows) {
  Transfer::Reader reader(transfer, follows);
  const GoneHandler handler(writer_, [&reader] { reader.interrupt(); });
  co_return co_await write_from(reader);
}

Awaitable<bool> Reply::write_from(Transfer::Reader& reader) {
  const AnswerHead* head = co_await reader.head();
  if (reader.interrupted()) {
    if (writer_.refusal()) {
      co_await write_error(*writer_.refusal());
    } else {
      break_off();
    }
    co_return true;
  }
  if (!head) {
    if (reader.end() == AnswerEnd::withdrawn) co_return false;
    co_await write_error(error_of(*reader.end(), reader.message()));
    co_return true;
  }
  if (miss_) {
    // A follower of another process may have had to ask the upstream itself.
    if (head->from_upstream && !miss_->joined) miss_->followed = false;
    if (!miss_->followed && miss_->detail.empty()) miss_->detail = head->not_stored;
    describe_miss(*miss_);
  }
  Headers fields = head->fields;
  if (reader.follows()) fields.remove_beginning_with("set-cookie");  // meant for the leader's client
  // The server answers CORS itself, and the upstream's fields would contradict it.
  if (extra_.first("access-control-allow-origin")) fields.remove_beginning_with("access-control-");
  const bool bodyless = request_.method == "HEAD" || head->status == 204 || head->status == 304;
  if (bodyless) {
    co_await write_head(head->status, std::move(fields), "", head->reason);
    co_return true;
  }
  co_await begin_pieces(head->status, std::move(fields), head->reason);
  while (const auto piece = co_await reader.next()) co_await write_piece(piece->bytes);
  if (reader.interrupted() || reader.end() != AnswerEnd::complete) co_return break_off(), true;
  co_await end_pieces();
  co_return true;
}

Awaitable<void> Reply::write_head(int status, Headers fields, std::string_view body, std::string_view reason) {
  exchange_.status = status;
  fields.add(extra_);
  if (!cache_status_.empty()) fields.add("cache-status", cache_status_);
  if (!writer_.keeps_alive()) fields.add("connection", "close");
  exchange_.bytes += body.size();
  exchange_.first_byte = Exchange::Clock::now();
  const std::string head = head_text(status, fields, reason);
  co_await writer_.write({head, body, {}});
}

// A body that comes in pieces: with the upstream's content-length where there is one, else chunked, or until the
// connection is closed for HTTP/1.0 (RFC 9112, section 6).
Awaitable<void> Reply::begin_pieces(int status, Headers fields, std::string_view reason) {
  chunked_ = !fields.first("content-length") && !writer_.http_1_0();
  if (chunked_) fields.add("transfer-encoding", "chunked");
  has_length_ = fields.first("content-length").has_value();
  if (!chunked_ && !has_length_) writer_.close_after_answer();
  co_await write_head(status, std::move(fields), "", reason);
}

Awaitable<void> Reply::write_piece(std::string_view piece) {
  if (piece.empty()) co_return;
  exchange_.bytes += piece.size();
  if (!chunked_) co_return co_await writer_.write({piece, {}, {}});
  const std::string head = chunk_head(piece.size());
  co_await writer_.write({head, piece, "\r\n"});
}

Awaitable<void> Reply::end_pieces() {
  if (chunked_) co_await writer_.write({kLastChunk, {}, {}});
}

// Ends an answer whose end is missing, so that the client notices: a last chunk or bytes are missing or, if the end of the
// connection would be the end of the answer, the connection is reset. A reset drops what the client has not read yet.
void Reply::break_off() {
  chunked_ || has_length_ ? writer_.close_after_answer() : writer_.abort();
}

Awaitable<void> Reply::wait_until(lc::Milliseconds at, double pace) {
  Timer timer(writer_.executor());
  timer.expires_at(exchange_.start + std::chrono::duration_cast<Exchange::Clock::duration>(
                                         std::chrono::duration<double, std::milli>(at) / pace));
  co_await timer.async_wait(use_awaitable);
}

}  // namespace llmcache::serve
