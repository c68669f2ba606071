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

// The head of an answer that another process leads, whose header fields are not known here. `is_one_value`: the answer is one
// JSON value, although a stream may have been requested.
AnswerHead head_of(const lc::Fill& fill, std::string_view first_bytes, bool is_one_value) {
  AnswerHead head;
  const auto known = fill.head();
  if (!known) return head;
  head.fields = body_fields(known->metadata, is_one_value ? lc::EntryKind::response : known->kind, first_bytes);
  return head;
}

}  // namespace

Awaitable<std::unique_ptr<lc::Fill>> follow_leader(asio::thread_pool& workers, std::unique_ptr<lc::Fill> fill,
                                                   std::shared_ptr<Transfer> transfer) {
  for (;;) {
    const bool is_first = !transfer->has_head();
    std::string bytes;
    bool is_one_value = false;
    auto piece = co_await on_workers(workers, [&]() -> lc::Result<bool> {
      auto read = fill->read(lc::Deadline::after(kFollowTime));
      if (!read) return lc::fail(read.error());
      bytes = read->bytes;
      // What `run -- curl -i` leads begins with a header block, and arrives whole.
      if (is_first) bytes.erase(0, lc::http_head_size(bytes));
      is_one_value = is_first && read->done && nlohmann::json::accept(bytes);
      return read->done;
    });
    if (piece && fill->role() == lc::Fill::Role::lead) co_return std::move(fill);
    const bool has_ended = !piece || *piece;
    if (is_first && (!bytes.empty() || (piece && has_ended))) transfer->begin(head_of(*fill, bytes, is_one_value));
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
