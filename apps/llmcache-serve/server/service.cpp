#include "server/service.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "event_loop.h"
#include "http/credential_session.h"
#include "server/cache_status.h"
#include "text.h"

namespace llmcache::serve {

namespace asio = boost::asio;
namespace lc = libcache;

namespace {

std::string health_json(const StoreState& store) {
  nlohmann::json health{{"status", store.unavailable.empty() ? "ok" : "store unavailable"}};
  if (!store.unavailable.empty()) health["message"] = store.unavailable;
  if (!store.not_storing.empty()) health["not_storing"] = store.not_storing;
  return health.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// A function of its own: g++ 12 destroys the temporaries of a conditional expression twice within a co_await.
OwnError not_cached(const Question& question, std::string message, bool retry_may_help = false) {
  OwnError error =
      question.mode == Mode::replay ? own_errors::no_recorded_answer(std::move(message)) : own_errors::only_if_cached();
  error.retry_may_help = retry_may_help;
  return error;
}

}  // namespace

Awaitable<void> Service::answer(const Request& request, std::string_view local_address, ResponseWriter& writer) {
  Reply reply(request, writer, metrics_, log_);
  if (const auto error = check_access(request, local_address, reply)) co_return co_await reply.write_error(*error);
  if (is_preflight(request.method, request.headers)) {
    co_return co_await reply.write_body(204, preflight_fields(request.headers), "");
  }
  if (request.path().starts_with("/_llmcache/")) co_return co_await answer_own(request, reply);
  if (request.headers.first("upgrade") || request.method == "CONNECT")
    co_return co_await reply.write_error(own_errors::no_upgrade());
  const auto url = options_.upstreams.url_of(request.target);
  if (!url) co_return co_await reply.write_error(own_errors::no_upstream(request.path()));
  auto question = question_of(request, *url);
  if (!question) co_return co_await reply.write_error(own_errors::malformed(question.error().message));
  if (!request.is_json_post()) co_return co_await pass_through(*std::move(question), reply, "not a JSON request");
  if (question->mode == Mode::off) co_return co_await pass_through(*std::move(question), reply, "mode off");
  co_await answer_cached(*std::move(question), reply);
}

std::optional<OwnError> Service::check_access(const Request& request, std::string_view local_address,
                                              Reply& reply) const {
  const auto host = request.headers.first("host");
  if (request.headers.count("host") > 1 || (!host && !request.http_1_0)) {
    return own_errors::malformed("a request has exactly one Host field");
  }
  if (request.headers.count("origin") > 1) return own_errors::malformed("a request has at most one Origin field");
  if (host && !is_known_host(options_.access, *host, local_address)) return own_errors::unknown_host(*host);
  if (const auto origin = request.headers.first("origin")) {
    if (!is_allowed_origin(options_.access, *origin)) return own_errors::refused_origin(*origin);
    reply.add_fields(cors_fields(*origin));
  }
  return std::nullopt;
}

lc::Result<Question> Service::question_of(const Request& request, std::string url) const {
  auto options = parse_request_options(request.headers);
  if (!options) return lc::fail(options.error());
  Question question;
  question.upstream = {request.method, std::move(url), upstream_fields(request.headers), request.body, request.upload};
  // A server that replays never asks an upstream, whatever a client wants.
  question.mode = options_.mode == Mode::replay ? Mode::replay : options->mode.value_or(options_.mode);
  if (options_.session_from_credential) {
    if (options->session) {
      return lc::fail(lc::ErrorCode::invalid, "sessions are made from credentials here: leave the session field out");
    }
    question.session = session_of_credential(secret_, credential_of(request.headers, request.target));
  } else if (options->session) {
    question.session = *options->session;
  }
  question.options = *std::move(options);
  if (auto checked = answers_.check_options(question); !checked) return lc::fail(checked.error());
  return question;
}

Awaitable<void> Service::pass_through(Question question, Reply& reply, std::string detail) {
  reply.exchange().outcome = Outcome::bypass;
  reply.exchange().detail = detail;
  if (question.mode == Mode::replay || question.options.cache_control.only_if_cached) {
    const OwnError error = not_cached(question,
                                      "in replay mode the upstream is never asked, and this request cannot be "
                                      "recorded: " +
                                          detail);
    if (question.mode == Mode::replay) {
      answers_.note_missed({"", reply.exchange().method + " " + reply.exchange().path, error.message});
    }
    co_await reply.write_error(error);
    reply.exchange().outcome = Outcome::not_cached;
    co_return;
  }
  reply.set_cache_status(bypass_status(detail));
  co_await reply.write_transfer(answers_.pass_through(std::move(question.upstream)), false);
}

Awaitable<void> Service::answer_cached(Question question, Reply& reply) {
  const auto shared = std::make_shared<const Question>(std::move(question));
  Answered answered = co_await answers_.ask(shared);
  if (co_await write_answered(*shared, answered, reply)) co_return;
  // The leader could not share its answer.
  answered = co_await answers_.ask_alone(*shared);
  co_await write_answered(*shared, answered, reply);
}

// False: the answer was withdrawn, and nothing has been written.
Awaitable<bool> Service::write_answered(const Question& question, const Answered& answered, Reply& reply) {
  Exchange& exchange = reply.exchange();
  exchange.key = answered.key;
  if (const auto* bypass = std::get_if<Bypass>(&answered.what)) {
    co_await pass_through(question, reply, bypass->detail);
    exchange.detail = bypass->logged;
    co_return true;
  }
  if (const auto* hit = std::get_if<std::shared_ptr<const Hit>>(&answered.what)) {
    reply.set_cache_status(hit_status(**hit, answered.key, lc::system_now()));
    co_await reply.write_hit(**hit, options_.pace);
    co_return true;
  }
  if (const auto* missing = std::get_if<NotCached>(&answered.what)) {
    const OwnError error = not_cached(question, missing->nearest, missing->store_failed);
    co_await reply.write_error(error);
    exchange.outcome = Outcome::not_cached;
    co_return true;
  }
  const Miss& miss = std::get<Miss>(answered.what);
  exchange.detail = miss.reason;
  const bool written = co_await reply.write_miss(miss);
  reply.take(*miss.metadata);
  co_return written;
}

Awaitable<void> Service::answer_own(const Request& request, Reply& reply) {
  Headers fields;
  fields.add("cache-control", "no-store");
  if (request.method != "GET" && request.method != "HEAD") {
    fields.add("allow", "GET, HEAD");
    reply.add_fields(fields);
    co_return co_await reply.write_error(own_errors::method_not_allowed());
  }
  if (request.path() == "/_llmcache/health") {
    const StoreState store = co_await answers_.check_store();
    fields.add("content-type", "application/json");
    co_return co_await reply.write_body(store.unavailable.empty() ? 200 : 503, fields, health_json(store));
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

Awaitable<void> Service::refuse(const Request& request, const OwnError& error, ResponseWriter& writer) {
  Reply reply(request, writer, metrics_, log_);
  // A web page sees the error only with the fields of CORS.
  const auto origin = request.headers.first("origin");
  if (origin && is_allowed_origin(options_.access, *origin)) reply.add_fields(cors_fields(*origin));
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
