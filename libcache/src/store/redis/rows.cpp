#include "store/redis/rows.h"

#include <utility>

namespace libcache::internal::redis {

RowQuery::RowQuery(std::span<const std::string> names, std::size_t head_bytes)
    : names_(names), with_head_(head_bytes > 0), last_byte_(std::to_string(with_head_ ? head_bytes - 1 : 0)) {
  for (const std::string& name : names) {
    commands_.push_back({"STRLEN", name});
    if (with_head_) commands_.push_back({"GETRANGE", name, "0", last_byte_});
    commands_.push_back({"PTTL", name});
  }
}

Result<std::vector<std::optional<ScanRow>>> RowQuery::rows_in(std::span<Reply> replies, UnixTime now,
                                                              std::string_view server) const {
  std::vector<std::optional<ScanRow>> rows(names_.size());
  const std::size_t per_name = with_head_ ? 3 : 2;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const auto about = replies.subspan(i * per_name, per_name);
    if (about[0].is_error("WRONGTYPE")) continue;
    const Status good = check(std::span(commands_).subspan(i * per_name, per_name), about, server);
    if (!good) return fail(good.error());
    const auto milliseconds_left = about.back().integer;  // -1: never expires, -2: does not exist
    if (milliseconds_left == -2) continue;
    ScanRow& row = rows[i].emplace();
    row.name = names_[i];
    row.size = static_cast<std::uint64_t>(about[0].integer);
    if (with_head_) row.head = std::move(about[1].text);
    if (milliseconds_left >= 0) row.expires = now + Milliseconds(milliseconds_left);
  }
  return rows;
}

Result<std::vector<std::optional<ScanRow>>> look_up(Client& client, std::span<const std::string> names,
                                                    std::size_t head_bytes, UnixTime now, Deadline deadline) {
  if (names.empty()) return std::vector<std::optional<ScanRow>>();
  const RowQuery query(names, head_bytes);
  auto replies = client.try_all(query.commands(), Repeat::allowed, deadline);
  if (!replies) return fail(replies.error());
  return query.rows_in(*replies, now, client.url());
}

}  // namespace libcache::internal::redis
