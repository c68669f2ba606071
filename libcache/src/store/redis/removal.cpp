#include "store/redis/removal.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "store/redis/rows.h"
#include "store/same_value.h"

namespace libcache::internal::redis {

namespace {

constexpr std::size_t kBatch = 500;

std::vector<std::string> names_of(std::span<const ScanRow> rows) {
  std::vector<std::string> names;
  for (const ScanRow& row : rows) names.push_back(row.name);
  return names;
}

std::size_t longest_head(std::span<const ScanRow> rows) {
  std::size_t longest = 0;
  for (const ScanRow& row : rows) longest = std::max(longest, row.head.size());
  return longest;
}

// Those of `shown` that are the same in `now`, which holds the rows of the same names in the same order.
std::vector<ScanRow> unchanged(std::span<const ScanRow> shown, const std::vector<std::optional<ScanRow>>& now) {
  std::vector<ScanRow> same;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (now[i] && same_value(shown[i], *now[i])) same.push_back(shown[i]);
  }
  return same;
}

Removed& operator+=(Removed& total, const Removed& more) {
  total.values += more.values;
  total.bytes += more.bytes;
  return total;
}

}  // namespace

Result<std::uint64_t> Removal::remove(std::span<const std::string> names, Deadline deadline) {
  std::uint64_t removed = 0;
  for (; !names.empty(); names = names.subspan(std::min(kBatch, names.size()))) {
    const auto batch = remove_batch(names.first(std::min(kBatch, names.size())), deadline);
    if (!batch) return batch;
    removed += *batch;
  }
  return removed;
}

Result<std::uint64_t> Removal::remove_batch(std::span<const std::string> names, Deadline deadline) {
  const bool unlink = has_unlink_;
  std::vector<Command> commands;
  for (const std::string& name : names) commands.push_back({unlink ? "UNLINK" : "DEL", name});
  const auto replies = client_.try_all(commands, Repeat::forbidden, deadline);
  if (!replies) return fail(replies.error());
  if (unlink && replies->front().is_error() && replies->front().text.starts_with("ERR unknown command")) {
    has_unlink_ = false;
    return remove_batch(names, deadline);
  }
  if (const Status good = check(commands, *replies, client_.url()); !good) return fail(good.error());
  std::uint64_t removed = 0;
  for (const Reply& reply : *replies) removed += static_cast<std::uint64_t>(reply.integer);
  return removed;
}

Result<Removed> Removal::remove_unchanged(std::span<const ScanRow> rows, Deadline deadline) {
  Removed removed;
  for (; !rows.empty(); rows = rows.subspan(std::min(kBatch, rows.size()))) {
    const auto batch = remove_batch_if_same(rows.first(std::min(kBatch, rows.size())), deadline);
    if (!batch) return batch;
    removed += *batch;
  }
  return removed;
}

Result<Removed> Removal::remove_batch_if_same(std::span<const ScanRow> rows, Deadline deadline) {
  if (is_cluster_) return remove_compared(rows, deadline);
  auto removed = remove_watched(rows, deadline);
  const bool may_not_watch = !removed && removed.error().code == ErrorCode::refused;
  return may_not_watch ? remove_compared(rows, deadline) : removed;
}

Result<Removed> Removal::remove_watched(std::span<const ScanRow> rows, Deadline deadline) {
  std::optional<Removed> removed;
  const auto use = [&](Connection& connection, Deadline until) -> Status {
    return run_transaction(connection, rows, until).map([&](const auto& result) { removed = result; });
  };
  if (const Status done = client_.on_one_connection(rows.front().name, use, deadline); !done) {
    return fail(done.error());
  }
  if (removed) return *removed;
  if (rows.size() == 1) return Removed{};
  // Finds the values that were written, half by half.
  auto first = remove_watched(rows.first(rows.size() / 2), deadline);
  if (!first) return first;
  return remove_watched(rows.subspan(rows.size() / 2), deadline).map([&](const Removed& second) {
    return *first += second;
  });
}

Result<std::optional<Removed>> Removal::run_transaction(Connection& connection, std::span<const ScanRow> rows,
                                                        Deadline deadline) {
  const auto names = names_of(rows);
  const RowQuery query(names, longest_head(rows));
  std::vector<Command> commands;
  for (const std::string& name : names) commands.push_back({"WATCH", name});
  commands.insert(commands.end(), query.commands().begin(), query.commands().end());
  auto replies = connection.run(commands, deadline);
  if (!replies) return fail(replies.error());
  const auto watched = std::span(*replies).first(names.size());
  if (const Status good = check(commands, watched, client_.url()); !good) return fail(good.error());
  const auto now = query.rows_in(std::span(*replies).subspan(names.size()), clock_(), client_.url());
  if (!now) return fail(now.error());

  const auto same = unchanged(rows, *now);
  commands = {{"MULTI"}};
  for (const ScanRow& row : same) commands.push_back({"DEL", row.name});
  commands.push_back({"EXEC"});
  const auto done = connection.run(commands, deadline);
  if (!done) return fail(done.error());
  if (const Status good = check(commands, *done, client_.url()); !good) return fail(good.error());
  if (done->back().is_nil()) return std::nullopt;
  Removed removed;
  const auto& results = done->back().elements;
  for (std::size_t i = 0; i < std::min(results.size(), same.size()); ++i) {
    if (results[i].integer == 1) removed += Removed{.values = 1, .bytes = same[i].size};
  }
  return removed;
}

Result<Removed> Removal::remove_compared(std::span<const ScanRow> rows, Deadline deadline) {
  const auto names = names_of(rows);
  const auto now = look_up(client_, names, longest_head(rows), clock_(), deadline);
  if (!now) return fail(now.error());
  const auto same = unchanged(rows, *now);
  if (same.empty()) return Removed{};
  const auto count = remove_batch(names_of(same), deadline);
  if (!count) return fail(count.error());
  Removed removed{.values = *count};
  for (const ScanRow& row : same) removed.bytes += row.size;
  return removed;
}

}  // namespace libcache::internal::redis
