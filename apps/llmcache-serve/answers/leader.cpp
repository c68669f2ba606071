#include "answers/leader.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "text.h"

namespace llmcache::serve {

namespace asio = boost::asio;
namespace lc = libcache;

namespace {

constexpr int kOk = 200;
// When no client here reads a call any more: how often to check whether other processes still follow it.
constexpr std::chrono::seconds kAskInterval{1};

AnswerEnd answer_end(UpstreamEnd end) {
  switch (end) {
    case UpstreamEnd::complete:
      return AnswerEnd::complete;
    case UpstreamEnd::unreachable:
      return AnswerEnd::unreachable;
    case UpstreamEnd::timed_out:
      return AnswerEnd::timed_out;
    case UpstreamEnd::broken:
      break;
  }
  return AnswerEnd::broken;
}

// The fields for clients, with a content-length only if the body is sure to have that length (RFC 9112, section 6.3).
Headers client_fields(int status, const Headers& upstream) {
  constexpr int kNoContent = 204;  // has no length (RFC 9110, section 8.6)
  Headers fields = end_to_end(upstream);
  const auto length = fields.first("content-length");
  const bool is_number = length && !length->empty() && length->find_first_not_of("0123456789") == length->npos;
  if (!is_number || status == kNoContent || fields.count("content-length") > 1 || upstream.first("transfer-encoding")) {
    fields.remove("content-length");
  }
  return fields;
}

// Why an answer with this head is not stored; empty if it may be stored. An encoded answer is not: another client may not
// be able to decode it, and a hit does not name the encoding.
std::string reason_in_head(const UpstreamHead& head) {
  if (head.status != kOk) return fmt::format("status {}", head.status);
  for (const std::string_view coding : head.fields.list("content-encoding")) {
    if (!equals_ignoring_case(coding, "identity")) return fmt::format("content-encoding {}", coding);
  }
  return {};
}

}  // namespace

Leader::Leader(asio::io_context& loop, const std::shared_ptr<RecordingQueue>& recordings,
               std::shared_ptr<Transfer> transfer, std::unique_ptr<lc::Fill> fill, Options options)
    : loop_(loop), transfer_(std::move(transfer)), options_(std::move(options)), timer_(loop) {
  if (fill) recording_ = std::make_shared<Recording>(recordings, std::move(fill));
}

void Leader::start(UpstreamClient& client, UpstreamRequest request) {
  alive_ = shared_from_this();
  transfer_->set_source({.pause = [this] { pause(Slow::reader, true); },
                         .resume = [this] { pause(Slow::reader, false); },
                         .abandoned = [this] { abandon(); }});
  call_ = client.start(std::move(request),
                       {.on_head = [this](const UpstreamHead& head) { on_head(head); },
                        .on_data = [this](std::string_view bytes) { on_data(bytes); },
                        .on_end = [this](UpstreamEnd end, const std::string& message) { on_end(end, message); }});
  if (!recording_) return;
  // The recording may outlive the leader.
  recording_->on_caught_up([&loop = loop_, weak = weak_from_this()] {
    asio::post(loop, [weak] {
      if (const auto self = weak.lock()) self->pause(Slow::recording, false);
    });
  });
  recording_->run([](lc::Fill& fill) { fill.prepare(); });
}

void Leader::pause(Slow who, bool paused) {
  (who == Slow::reader ? waits_for_reader_ : waits_for_recording_) = paused;
  if (!call_) return;
  waits_for_reader_ || waits_for_recording_ ? call_->pause() : call_->resume();
}

void Leader::on_head(const UpstreamHead& head) {
  status_ = head.status;
  std::string not_stored = reason_in_head(head);
  records_ = recording_ && not_stored.empty();
  Headers fields = client_fields(head.status, head.fields);
  if (records_) {
    lc::Metadata metadata;
    if (const auto type = fields.first("content-type")) metadata.content_type = *type;
    recording_->run([metadata](lc::Fill& fill) { fill.describe(metadata, kOk); });
  } else if (recording_) {
    recording_->run([](lc::Fill& fill) { fill.abandon(); });
  }
  // The last piece is sent when the answer is stored, so that a client that asks again at once gets a hit. A chunked body
  // ends with an empty chunk: only this is held back.
  holds_back_ = records_ && fields.first("content-length");
  if (options_.on_head) options_.on_head(records_);
  transfer_->begin({head.status, std::move(fields), head.reason, std::move(not_stored), true});
}

void Leader::on_data(std::string_view bytes) {
  if (records_ && !recording_->write(bytes)) pause(Slow::recording, true);
  if (!holds_back_) return transfer_->add(bytes);
  transfer_->add(held_back_);
  held_back_ = bytes;
}

void Leader::on_end(UpstreamEnd end, const std::string& message) {
  LeaderEnd result;
  result.status = status_;
  if (end != UpstreamEnd::complete) result.upstream_failure = answer_end(end);
  if (!records_) {
    release(answer_end(end), message);
    return finish(result);
  }
  const auto release_all = [self = shared_from_this(), end, message] { self->release(answer_end(end), message); };
  timer_.expires_after(options_.store_budget);
  timer_.async_wait([release_all](auto error) {
    if (!error) release_all();
  });
  recording_->run([self = shared_from_this(), result = std::move(result), release_all](lc::Fill& fill) mutable {
    if (!result.upstream_failure) {
      result.filled = fill.finish();
    } else {
      fill.abandon();
    }
    asio::post(self->loop_, [self, result = std::move(result), release_all] {
      release_all();
      self->finish(result);
    });
  });
}

// Sends the end of the answer to the clients.
void Leader::release(AnswerEnd end, const std::string& message) {
  transfer_->add(held_back_);
  held_back_ = {};
  transfer_->end(end, message);
}

void Leader::finish(const LeaderEnd& end) {
  if (!alive_) return;
  timer_.cancel();
  if (options_.on_end) options_.on_end(end);
  stop();
}

// No client here reads the answer any more. The call continues if another process follows it, or if the options say so.
void Leader::abandon() {
  if (recording_ && options_.finishes_abandoned()) return;
  if (!recording_) {
    transfer_->end(AnswerEnd::broken);
    return stop();
  }
  recording_->run([self = shared_from_this()](lc::Fill& fill) {
    asio::post(self->loop_, [self, is_followed = fill.is_followed()] {
      if (self->transfer_->has_ended() || self->transfer_->readers() > 0) return;
      if (is_followed) {
        self->timer_.expires_after(kAskInterval);
        return self->timer_.async_wait([self](auto error) {
          if (!error && self->transfer_->readers() == 0) self->abandon();
        });
      }
      self->transfer_->end(AnswerEnd::withdrawn);
      self->recording_->run([](lc::Fill& abandoned) { abandoned.abandon(); });
      self->finish({});
    });
  });
}

// May be called from a callback of the call, which must not be destroyed there: both are destroyed later, by the loop.
void Leader::stop() {
  asio::post(loop_, [alive = std::move(alive_), call = std::shared_ptr<UpstreamCall>(std::move(call_))] {});
}

}  // namespace llmcache::serve
