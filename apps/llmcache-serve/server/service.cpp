#include "server/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "http/credential_session.h"
#include "server/cache_status.h"

namespace llmcache::serve {

namespace asio = boost::asio;
namespace lc = libcache;
using asio::use_awaitable;

namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string chunk_head(std::size_t size) {
  return fmt::format("{:x}\r\n", size);
}

bool is_json_post(const Request& request) {
  if (request.method != "POST" || request.headers.count("content-type") > 1) return false;
  const auto type = request.headers.first("content-type");
  if (!type) return true;
  const std::string_view media = type->substr(0, type->find(';'));
  return equals_ignoring_case(media.substr(0, media.find_last_not_of(" \t") + 1), "application/json");
}

std::string health_json(const std::optional<std::string>& problem) {
  nlohmann::json health{{"status", problem ? "store unavailable" : "ok"}};
  if (problem) health["message"] = *problem;
  return health.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// A function of its own: g++ 12 destroys the temporaries of a conditional expression twice within a co_await.
OwnError not_cached(const Question& question, std::string message) {
  return question.mode == Mode::replay ? own_errors::no_recorded_answer(std::move(message))
                                       : own_errors::only_if_cached();
}

OwnError error_of(AnswerEnd end, const std::string& message) {
  return end == AnswerEnd::timed_out ? own_errors::timed_out(message) : own_errors::unreachable(message);
}

}  // namespace

// Writes one answer and keeps its record.
class Service::Reply {
 public:
  Reply(Service& service, const Request& request, ResponseWriter& writer)
      : service_(service), request_(request), writer_(writer) {
    exchange_.method = request.method;
    exchange_.path = std::string(request.path());
    service_.metrics_.begin();
  }
  ~Reply() {
    service_.metrics_.end(exchange_);
    service_.log_.write(exchange_);
  }

  Exchange& exchange() { return exchange_; }
  void add_fields(const Headers& fields) {
    for (const Field& field : fields) extra_.add(field.name, field.value);
  }
  void set_cache_status(std::string value) { cache_status_ = std::move(value); }

  // A whole body whose size is known.
  asio::awaitable<void> write_body(int status, Headers fields, std::string_view body) {
    const bool has_body = request_.method != "HEAD";
    fields.add("content-length", std::to_string(body.size()));
    co_await write_head(status, std::move(fields), has_body ? body : "");
  }

  asio::awaitable<void> write_error(const OwnError& error) {
    exchange_.outcome = Outcome::failed;
    exchange_.detail = error.code;
    co_await write_body(error.status, fields_of(error), body_of(error));
  }

  asio::awaitable<void> write_hit(const Hit& hit) {
    exchange_.outcome = Outcome::hit;
    take(hit.metadata);
    Headers fields;
    if (!hit.metadata.content_type.empty()) fields.add("content-type", hit.metadata.content_type);
    const auto age = std::max(lc::system_now() - hit.entry->created(), lc::Milliseconds(0));
    fields.add("age", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(age).count()));
    if (hit.entry->kind() == lc::EntryKind::response) {
      const auto body = hit.entry->body();
      if (!body) co_return co_await write_error(own_errors::unreachable(body.error().message));
      co_return co_await write_body(200, std::move(fields), *body);
    }
    co_await begin_pieces(200, std::move(fields));
    lc::Replay replay(*hit.entry);
    for (auto chunk = replay.next();; chunk = replay.next()) {
      if (!chunk) co_return writer_.abort();
      if (!*chunk) break;
      if (service_.options_.pace) co_await wait_until(exchange_.start, (*chunk)->at);
      co_await write_piece((*chunk)->bytes);
    }
    co_await end_pieces();
  }

  // Passes an answer on as it arrives. False: it was withdrawn before anything of it was written.
  asio::awaitable<bool> write_transfer(const std::shared_ptr<Transfer>& transfer, bool follows) {
    Transfer::Reader reader(transfer, follows);
    writer_.on_gone([&reader] { reader.interrupt(); });
    const bool written = co_await write_from(reader);
    writer_.on_gone(nullptr);
    co_return written;
  }

  void take(const lc::Metadata& metadata) {
    exchange_.model = metadata.model;
    exchange_.prompt_tokens = metadata.prompt_tokens;
    exchange_.completion_tokens = metadata.completion_tokens;
  }

 private:
  asio::awaitable<bool> write_from(Transfer::Reader& reader) {
    const AnswerHead* head = co_await reader.head();
    if (reader.interrupted()) co_return writer_.abort(), true;
    if (!head) {
      if (reader.end() == AnswerEnd::withdrawn) co_return false;
      co_await write_error(error_of(*reader.end(), reader.message()));
      co_return true;
    }
    const bool bodyless = request_.method == "HEAD" || head->status == 204 || head->status == 304;
    if (bodyless) {
      co_await write_head(head->status, head->fields, "");
      co_return true;
    }
    co_await begin_pieces(head->status, head->fields);
    while (const auto piece = co_await reader.next()) co_await write_piece(*piece);
    // Without its end the client can tell that the answer is not whole.
    if (reader.interrupted() || reader.end() != AnswerEnd::complete) co_return writer_.abort(), true;
    co_await end_pieces();
    co_return true;
  }

  asio::awaitable<void> write_head(int status, Headers fields, std::string_view body) {
    exchange_.status = status;
    for (const Field& field : extra_) fields.add(field.name, field.value);
    if (!cache_status_.empty()) fields.add("cache-status", cache_status_);
    if (!writer_.keeps_alive() || service_.draining()) fields.add("connection", "close");
    exchange_.bytes += body.size();
    exchange_.first_byte = Exchange::Clock::now();
    const std::string head = head_text(status, fields);
    co_await writer_.write({head, body, {}});
  }

  // A body that comes in pieces: with the upstream's content-length where there is one, else chunked, or until the
  // connection is closed for HTTP/1.0 (RFC 9112, section 6).
  asio::awaitable<void> begin_pieces(int status, Headers fields) {
    if (!fields.first("content-length")) {
      if (writer_.http_1_0()) {
        writer_.close_after_answer();
      } else {
        chunked_ = true;
        fields.add("transfer-encoding", "chunked");
      }
    }
    co_await write_head(status, std::move(fields), "");
  }

  asio::awaitable<void> write_piece(std::string_view piece) {
    if (piece.empty()) co_return;
    exchange_.bytes += piece.size();
    if (!chunked_) co_return co_await writer_.write({piece, {}, {}});
    const std::string head = chunk_head(piece.size());
    co_await writer_.write({head, piece, "\r\n"});
  }

  asio::awaitable<void> end_pieces() {
    if (chunked_) co_await writer_.write({kLastChunk, {}, {}});
  }

  asio::awaitable<void> wait_until(Exchange::Clock::time_point start, lc::Milliseconds at) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_at(start + std::chrono::duration_cast<Exchange::Clock::duration>(
                                 std::chrono::duration<double, std::milli>(at) / *service_.options_.pace));
    co_await timer.async_wait(use_awaitable);
  }

  Service& service_;
  const Request& request_;
  ResponseWriter& writer_;
  Exchange exchange_;
  Headers extra_;
  std::string cache_status_;
  bool chunked_ = false;
};

asio::awaitable<void> Service::answer(const Request& request, std::string_view local_address, ResponseWriter& writer) {
  Reply reply(*this, request, writer);
  if (const auto error = check_access(request, local_address, reply)) co_return co_await reply.write_error(*error);
  if (const auto origin = request.headers.first("origin"); origin && is_preflight(request.method, request.headers)) {
    co_return co_await reply.write_body(204, preflight_fields(*origin, request.headers), "");
  }
  if (request.path().starts_with("/_llmcache/")) co_return co_await answer_own(request, reply);
  if (request.headers.first("upgrade")) co_return co_await reply.write_error(own_errors::no_upgrade());
  const auto url = options_.upstreams.url_of(request.target);
  if (!url) co_return co_await reply.write_error(own_errors::no_upstream(request.path()));
  auto question = question_of(request, *url);
  if (!question) co_return co_await reply.write_error(own_errors::malformed(question.error().message));
  if (!is_json_post(request)) co_return co_await pass_through(*std::move(question), reply, "not a JSON request");
  if (question->mode == Mode::off) co_return co_await pass_through(*std::move(question), reply, "mode off");
  co_await answer_cached(*std::move(question), reply);
}

std::optional<OwnError> Service::check_access(const Request& request, std::string_view local_address,
                                              Reply& reply) const {
  const auto host = request.headers.first("host");
  if (request.headers.count("host") > 1 || (!host && !request.http_1_0)) {
    return own_errors::malformed("a request has exactly one Host field");
  }
  if (host && !is_known_host(options_.access, *host, local_address)) return own_errors::unknown_host(*host);
  if (const auto origin = request.headers.first("origin")) {
    if (!is_allowed_origin(options_.access, *origin)) return own_errors::refused_origin(*origin);
    reply.add_fields(cors_fields(*origin));
  }
  return std::nullopt;
}

lc::Result<Question> Service::question_of(const Request& request, std::string url) const {
  auto options = parse_request_options(request.headers);
  if (!options) return tl::make_unexpected(options.error());
  Question question;
  question.upstream = {request.method, std::move(url), upstream_fields(request.headers), request.body};
  question.mode = options->mode.value_or(options_.mode);
  if (options_.session_from_credential) {
    if (options->session) {
      return lc::fail(lc::ErrorCode::invalid, "sessions are made from credentials here: leave the session field out");
    }
    question.session = session_of_credential(secret_, credential_of(request.headers, request.target));
  } else if (options->session) {
    question.session = *options->session;
  }
  question.options = *std::move(options);
  return question;
}

asio::awaitable<void> Service::pass_through(Question question, Reply& reply, std::string detail) {
  reply.exchange().outcome = Outcome::bypass;
  reply.exchange().detail = detail;
  if (question.mode == Mode::replay || question.options.cache_control.only_if_cached) {
    const OwnError error = not_cached(question,
                                      "in replay mode the upstream is never asked, and this request cannot be "
                                      "recorded: " +
                                          detail);
    co_return co_await reply.write_error(error);
  }
  reply.set_cache_status(bypass_status(detail));
  co_await reply.write_transfer(answers_.pass_through(std::move(question.upstream)), false);
}

asio::awaitable<void> Service::answer_cached(Question question, Reply& reply) {
  Answered answered = co_await answers_.ask(question);
  if (co_await write_answered(question, answered, reply)) co_return;
  // The request that this one followed had nothing to share.
  answered = co_await answers_.ask_alone(question);
  co_await write_answered(question, answered, reply);
}

// False: the answer was withdrawn, and nothing has been written.
asio::awaitable<bool> Service::write_answered(const Question& question, const Answered& answered, Reply& reply) {
  Exchange& exchange = reply.exchange();
  exchange.key = answered.key;
  if (const auto* bypass = std::get_if<Bypass>(&answered.what)) {
    co_await pass_through(question, reply, bypass->detail);
    co_return true;
  }
  if (const auto* hit = std::get_if<Hit>(&answered.what)) {
    reply.set_cache_status(hit_status(*hit, answered.key, lc::system_now()));
    co_await reply.write_hit(*hit);
    co_return true;
  }
  if (const auto* missing = std::get_if<NotCached>(&answered.what)) {
    const OwnError error = not_cached(question, missing->nearest);
    co_await reply.write_error(error);
    co_return true;
  }
  const Miss& miss = std::get<Miss>(answered.what);
  exchange.outcome = miss.followed ? Outcome::followed : Outcome::miss;
  exchange.detail = miss.reason;
  reply.set_cache_status(miss_status(miss));
  const bool written = co_await reply.write_transfer(miss.transfer, miss.followed);
  reply.take(*miss.metadata);
  co_return written;
}

asio::awaitable<void> Service::answer_own(const Request& request, Reply& reply) {
  Headers fields;
  fields.add("cache-control", "no-store");
  if (request.method != "GET" && request.method != "HEAD") {
    fields.add("allow", "GET, HEAD");
    co_return co_await reply.write_body(405, fields, "");
  }
  if (request.path() == "/_llmcache/health") {
    const auto problem = co_await answers_.check_store();
    fields.add("content-type", "application/json");
    co_return co_await reply.write_body(problem ? 503 : 200, fields, health_json(problem));
  }
  if (request.path() == "/_llmcache/metrics") {
    fields.add("content-type", "text/plain; version=0.0.4");
    co_return co_await reply.write_body(200, fields, metrics_.prometheus());
  }
  if (request.path() == "/_llmcache/stats") {
    fields.add("content-type", "application/json");
    co_return co_await reply.write_body(200, fields, metrics_.json());
  }
  co_await reply.write_error(own_errors::no_page());
}

asio::awaitable<void> Service::refuse(const OwnError& error, ResponseWriter& writer) {
  const Request none;
  Reply reply(*this, none, writer);
  co_await reply.write_error(error);
}

Service::Membership::Membership(Service& service, std::function<void()> on_drain) : service_(service) {
  place_ = service_.members_.insert(service_.members_.end(), std::move(on_drain));
}

Service::Membership::~Membership() {
  service_.members_.erase(place_);
}

void Service::drain() {
  draining_ = true;
  for (const auto& on_drain : members_) on_drain();
}

}  // namespace llmcache::serve
