// Answers from the cache or, through it, from the upstream. Requests for the same answer at one time share one upstream
// call: in this process through one Transfer, and with other processes through the store's flights.
#pragma once

#include <libcache/cache.h>
#include <libcache/fill.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "answers/deadlines.h"
#include "answers/question.h"
#include "answers/recording.h"
#include "answers/store_health.h"
#include "context.h"
#include "event_loop.h"
#include "monitor/junit.h"
#include "monitor/metrics.h"
#include "options.h"
#include "upstream/client.h"

namespace llmcache::serve {

struct LeaderEnd;

// Lives on the event loop; what may block goes to the workers.
class Answers {
 public:
  Answers(boost::asio::io_context& loop, const ServeOptions& options, Context& context, Metrics& metrics);
  ~Answers();

  Awaitable<Answered> ask(std::shared_ptr<const Question> question);
  // The same, but without following: for a request whose leader could not share its answer.
  Awaitable<Answered> ask_alone(const Question& question);
  // Fails: invalid, if the request's option fields are malformed.
  libcache::Status check_options(const Question& question) const;
  // Gets an answer from the upstream without the cache.
  std::shared_ptr<Transfer> pass_through(UpstreamRequest request);

  // Writes what was counted every few seconds. Never ends.
  Awaitable<void> keep_statistics();
  Awaitable<StoreState> check_store();
  // The requests that found no recorded answer in replay mode, or cannot have one.
  const std::vector<Missed>& missed() const { return missed_; }
  void note_missed(Missed missed);
  // Waits until all answers are stored. To be called last.
  void close();
  // Gives up storing the answers that wait to be stored.
  void cancel();

 private:
  // When a request is sent to the upstream.
  enum class Asks {
    if_missing,  // if no answer is stored and nobody else is asking
    alone,       // at once, because its leader could not share its answer
    by_request,  // at once, because it does not accept a stored answer
  };
  struct Shared;
  struct Found;
  using Clock = std::chrono::steady_clock;

  Found find(const Question& question, Clock::time_point until) const;
  Awaitable<Answered> answer_missing(const Question& question, Found found);
  Awaitable<Answered> fill(const Question& question, libcache::RequestKey key, Asks asks);
  Awaitable<std::unique_ptr<libcache::Fill>> begin_fill(const Question& question, const std::shared_ptr<Shared>& shared,
                                                        bool overwrite);
  Awaitable<std::string> explain(const Question& question, const libcache::RequestKey& key);
  Awaitable<Answered> join(const Question& question, std::shared_ptr<Shared> shared);
  void lead(const Question& question, std::unique_ptr<libcache::Fill> fill, const std::shared_ptr<Shared>& shared);
  Awaitable<void> follow(Question question, std::unique_ptr<libcache::Fill> fill, std::shared_ptr<Shared> shared);
  void count_failure(const LeaderEnd& end);
  std::shared_ptr<Shared> find_shared(const std::string& name, const libcache::RequestKey& key) const;
  void forget(const std::shared_ptr<Shared>& shared);
  libcache::Deadline store_deadline() const;
  libcache::Milliseconds store_budget_left(const Question& question) const;

  boost::asio::io_context& loop_;
  const ServeOptions& options_;
  Context& context_;
  Metrics& metrics_;
  libcache::Cache& cache_;
  StoreHealth store_health_;
  boost::asio::thread_pool workers_;
  boost::asio::thread_pool recorders_;  // store answers: a store that cannot be written must not keep hits waiting
  boost::asio::thread_pool followers_;  // each waits for bytes from another process
  Deadlines deadlines_;
  std::shared_ptr<RecordingQueue> recordings_;
  UpstreamClient upstream_;
  std::unordered_multimap<std::string, std::shared_ptr<Shared>>
      shared_;  // answers that later requests may join, by name
  std::vector<Missed> missed_;
};

}  // namespace llmcache::serve
