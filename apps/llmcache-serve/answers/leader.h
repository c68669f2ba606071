// A call of the upstream: passes the answer to the clients and, on the workers, to the cache.
#pragma once

#include <libcache/cache.h>
#include <libcache/fill.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "answers/recording.h"
#include "answers/transfer.h"
#include "event_loop.h"
#include "upstream/client.h"

namespace llmcache::serve {

struct LeaderEnd {
  std::optional<AnswerEnd> upstream_failure;  // how the call failed, if it did
  int status = 0;                             // that the upstream answered; 0: none
  std::optional<libcache::Filled> filled;     // whether an answer that was recorded was stored
};

// Lives on the event loop until its answer has ended or was abandoned. Keeps itself alive until then.
class Leader : public std::enable_shared_from_this<Leader> {
 public:
  struct Options {
    // The longest time that the clients wait for the end of the answer while it is being stored.
    libcache::Milliseconds store_budget{0};
    // Whether an answer that no client reads any more is still received and stored.
    std::function<bool()> finishes_abandoned = [] { return false; };
    // The head has arrived: `shared` says whether other requests may have this answer.
    std::function<void(bool shared)> on_head;
    std::function<void(const LeaderEnd&)> on_end;
  };

  // `fill`: null for an answer that is only passed through.
  Leader(boost::asio::io_context& loop, const std::shared_ptr<RecordingQueue>& recordings,
         std::shared_ptr<Transfer> transfer, std::unique_ptr<libcache::Fill> fill, Options options);
  void start(UpstreamClient& client, UpstreamRequest request);

 private:
  // Why the call is paused.
  enum class Slow { reader, recording };
  void pause(Slow who, bool paused);
  void on_head(const UpstreamHead& head);
  void on_data(std::string_view bytes);
  void on_end(UpstreamEnd end, const std::string& message);
  void release(AnswerEnd end, const std::string& message);
  void finish(const LeaderEnd& end);
  void abandon();
  void stop();

  boost::asio::io_context& loop_;
  std::shared_ptr<Transfer> transfer_;
  std::shared_ptr<Recording> recording_;  // null: only passed through
  Options options_;
  std::shared_ptr<Leader> alive_;
  std::unique_ptr<UpstreamCall> call_;
  Timer timer_;
  bool waits_for_reader_ = false;
  bool waits_for_recording_ = false;
  int status_ = 0;
  bool records_ = false;
  bool holds_back_ = false;
  std::string held_back_;
};

}  // namespace llmcache::serve
