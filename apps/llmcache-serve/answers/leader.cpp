#include "answers/leader.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace llmcache::serve {

namespace asio = boost::asio;
namespace lc = libcache;

namespace {

constexpr int kOk = 200;

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

}  // namespace

Leader::Leader(asio::io_context& loop, asio::thread_pool& workers, std::shared_ptr<Transfer> transfer,
               std::unique_ptr<lc::Fill> fill, Options options)
    : loop_(loop),
      recording_(workers.get_executor()),
      transfer_(std::move(transfer)),
      fill_(std::move(fill)),
      options_(std::move(options)) {}

void Leader::start(UpstreamClient& client, UpstreamRequest request) {
  alive_ = shared_from_this();
  transfer_->set_source(
      {.pause = [this] { call_->pause(); }, .resume = [this] { call_->resume(); }, .abandoned = [this] { abandon(); }});
  call_ = client.start(std::move(request),
                       {.on_head = [this](UpstreamHead head) { on_head(std::move(head)); },
                        .on_data = [this](std::string bytes) { on_data(std::move(bytes)); },
                        .on_end = [this](UpstreamEnd end, std::string message) { on_end(end, std::move(message)); }});
  on_workers([](lc::Fill& fill) { fill.prepare(); });
}

void Leader::on_workers(std::function<void(lc::Fill&)> work) {
  if (fill_) asio::post(recording_, [fill = fill_, work = std::move(work)] { work(*fill); });
}

void Leader::on_head(UpstreamHead head) {
  records_ = fill_ && head.status == kOk;
  if (records_) {
    lc::Metadata metadata;
    if (const auto type = head.fields.first("content-type")) metadata.content_type = *type;
    on_workers([metadata](lc::Fill& fill) { fill.describe(metadata, kOk); });
  } else {
    on_workers([](lc::Fill& fill) { fill.abandon(); });
  }
  // A client that has read a whole answer is to find it in the cache when it asks again: the last piece leaves when the
  // answer is stored. Where the end is marked by itself (chunked), the mark alone waits.
  holds_back_ = records_ && head.fields.first("content-length");
  if (options_.on_head) options_.on_head(records_);
  transfer_->begin({head.status, end_to_end(head.fields)});
}

void Leader::on_data(std::string bytes) {
  if (records_) {
    on_workers([bytes](lc::Fill& fill) { (void)fill.write(bytes); });
  }
  if (holds_back_) held_back_.swap(bytes);
  transfer_->add(std::move(bytes));
}

void Leader::on_end(UpstreamEnd end, std::string message) {
  const auto finish = [this, end, message](std::optional<lc::Filled> filled) {
    transfer_->add(std::move(held_back_));
    transfer_->end(answer_end(end), message);
    LeaderEnd result;
    if (end != UpstreamEnd::complete) result.upstream_failure = answer_end(end);
    result.filled = std::move(filled);
    if (options_.on_end) options_.on_end(result);
    stop();
  };
  if (!records_) return finish(std::nullopt);
  asio::post(recording_, [self = shared_from_this(), end, finish] {
    std::optional<lc::Filled> filled;
    if (end == UpstreamEnd::complete) {
      filled = self->fill_->finish();
    } else {
      self->fill_->abandon();
    }
    asio::post(self->loop_, [self, finish, filled = std::move(filled)]() mutable { finish(std::move(filled)); });
  });
}

// Nobody here reads any more. Another process may: then, or if the options say so, the call goes on.
void Leader::abandon() {
  if (options_.finish_abandoned && fill_) return;
  if (!fill_) {
    transfer_->end(AnswerEnd::broken);
    return stop();
  }
  asio::post(recording_, [self = shared_from_this()] {
    if (self->fill_->is_followed()) return;
    asio::post(self->loop_, [self] {
      if (self->transfer_->has_ended() || self->transfer_->readers() > 0) return;
      self->transfer_->end(AnswerEnd::withdrawn);
      self->on_workers([](lc::Fill& fill) { fill.abandon(); });
      if (self->options_.on_end) self->options_.on_end({});
      self->stop();
    });
  });
}

// Not from within a callback of the call itself: both end with the next turn of the loop.
void Leader::stop() {
  asio::post(loop_, [alive = std::move(alive_), call = std::shared_ptr<UpstreamCall>(std::move(call_))] {});
}

}  // namespace llmcache::serve
