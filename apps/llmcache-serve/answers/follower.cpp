#include "answers/follower.h"

#include <string>
#include <utility>

#include "answers/on_workers.h"

namespace llmcache::serve {

namespace asio = boost::asio;
namespace lc = libcache;

namespace {

// A follower waits on a thread for at most this long, then lets the next follower use the thread.
constexpr lc::Milliseconds kFollowTime{25};

// The head of an answer that another process leads, whose header fields are not known here.
AnswerHead head_of(const lc::Metadata& metadata) {
  AnswerHead head;
  if (!metadata.content_type.empty()) head.fields.add("content-type", metadata.content_type);
  return head;
}

}  // namespace

Awaitable<std::unique_ptr<lc::Fill>> follow_leader(asio::thread_pool& workers, std::unique_ptr<lc::Fill> fill,
                                                   std::shared_ptr<Transfer> transfer) {
  for (;;) {
    std::string bytes;
    auto piece = co_await on_workers(workers, [&]() -> lc::Result<bool> {
      auto read = fill->read(lc::Deadline::after(kFollowTime));
      if (!read) return lc::fail(read.error());
      bytes = read->bytes;
      return read->done;
    });
    if (piece && fill->role() == lc::Fill::Role::lead) co_return std::move(fill);
    const bool has_ended = !piece || *piece;
    if (!transfer->has_head() && (!bytes.empty() || (piece && has_ended))) {
      const auto head = fill->head();
      transfer->begin(head_of(head ? head->metadata : lc::Metadata{}));
    }
    transfer->add(bytes);
    if (has_ended) {
      transfer->end(piece ? AnswerEnd::complete : transfer->has_head() ? AnswerEnd::broken : AnswerEnd::withdrawn);
    } else if (transfer->readers() > 0 || !transfer->was_read()) {
      continue;
    }
    // Destroying the fill may wait for the store.
    asio::post(workers, [left = std::move(fill)] {});
    co_return nullptr;
  }
}

}  // namespace llmcache::serve
