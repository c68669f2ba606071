// What the server does with a request: checks who asks, and answers from the cache, from the upstream or by itself.
// Everything happens on the event loop, except what may block, which goes to the workers.
#pragma once

#include <functional>
#include <list>
#include <string_view>
#include <utility>

#include "answers/source.h"
#include "event_loop.h"
#include "monitor/access_log.h"
#include "monitor/metrics.h"
#include "options.h"
#include "server/messages.h"
#include "server/reply.h"
#include "server/request.h"

namespace llmcache::serve {

class Service {
 public:
  // `secret`: for making sessions from credentials; empty unless the options ask for that.
  Service(const ServeOptions& options, std::string secret, Answers& answers, Metrics& metrics, AccessLog& log)
      : options_(options), secret_(std::move(secret)), answers_(answers), metrics_(metrics), log_(log) {}

  const ServeOptions& options() const { return options_; }

  // Answers one request, whole.
  Awaitable<void> answer(const Request& request, std::string_view local_address, ResponseWriter& writer);
  // Answers a request that could not be read; what is known of it may be nothing.
  Awaitable<void> refuse(const Request& request, const OwnError& error, ResponseWriter& writer);

  // A connection that is open. `on_drain` is called when the server stops.
  class Membership {
   public:
    Membership(Service& service, std::function<void()> on_drain);
    ~Membership();
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;

   private:
    Service& service_;
    std::list<std::function<void()>>::iterator place_;
  };
  std::size_t connections() const { return members_.size(); }

  // No further requests are read.
  void drain();
  bool draining() const { return draining_; }

 private:
  std::optional<OwnError> check_access(const Request& request, std::string_view local_address, Reply& reply) const;
  libcache::Result<Question> question_of(const Request& request, std::string url) const;
  Awaitable<void> answer_cached(Question question, Reply& reply);
  Awaitable<bool> write_answered(const Question& question, const Answered& answered, Reply& reply);
  Awaitable<void> pass_through(Question question, Reply& reply, std::string detail);
  Awaitable<void> answer_own(const Request& request, Reply& reply);

  const ServeOptions& options_;
  const std::string secret_;
  Answers& answers_;
  Metrics& metrics_;
  AccessLog& log_;
  std::list<std::function<void()>> members_;
  bool draining_ = false;
};

}  // namespace llmcache::serve
