#include "answers/follower.h"

#include <libcache/answer.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "answers/on_workers.h"
#include "http/body_fields.h"

namespace llmcache::serve {

namespace asio = boost::asio;
namespace lc = libcache;

namespace {

// A follower waits on a thread for at most this long, then lets the next follower use the thread.
constexpr lc::Milliseconds kFollowTime{25};

// The head of an answer that another process leads, whose header fields are not known here. `is_whole`: no bytes follow the
// first ones.
AnswerHead head_of(const lc::Fill& fill, std::string_view first_bytes, bool is_whole) {
  AnswerHead head;
  const auto known = fill.head();
  if (!known) return head;
  // A stream was asked for, but one JSON value is none.
  const bool is_one_value = is_whole && nlohmann::json::accept(first_bytes);
  head.fields = body_fields(known->metadata, is_one_value ? lc::EntryKind::response : known->kind, first_bytes);
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
      // What `run -- curl -i` leads begins with a header block, and arrives whole.
      bytes.erase(0, lc::http_head_size(bytes));
      transfer->begin(head_of(*fill, bytes, has_ended));
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
