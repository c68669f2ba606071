// What a store does for the functions that it does not override.
#include <libcache/diagnosis.h>
#include <libcache/store.h>

#include <utility>

#include "store/same_value.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

Result<std::vector<std::optional<StoredValue>>> Store::get_all(std::span<const std::string> names, Deadline deadline) {
  std::vector<std::optional<StoredValue>> values;
  for (const std::string& name : names) {
    auto bytes = get(name, deadline);
    if (!bytes) return fail(bytes.error());
    values.emplace_back();
    if (!*bytes) continue;
    const auto row = look_up(name, 0, deadline);
    if (!row) return fail(row.error());
    // A value that was removed in between counts as missing.
    if (*row) values.back() = {*std::move(*bytes), (*row)->expires};
  }
  return values;
}

Status Store::put_all(std::span<const NamedValue> values, std::optional<UnixTime> expires, Deadline deadline) {
  for (const NamedValue& value : values) {
    const auto written = put(value.name, value.bytes, {.expires = expires}, deadline);
    if (!written) return fail(written.error());
  }
  return {};
}

Status Store::scan_recent(std::string_view prefix, std::size_t count, const Visitor& visit, Deadline deadline) {
  if (count == 0) return {};
  const auto limited = [&](const ScanRow& row) -> Result<bool> {
    const auto more = visit(row);
    if (!more) return more;
    return *more && --count > 0;
  };
  return scan(prefix, 0, limited, deadline);
}

Result<std::optional<ScanRow>> Store::look_up(std::string_view name, std::size_t head_bytes, Deadline deadline) {
  std::optional<ScanRow> found;
  const auto visit = [&](const ScanRow& row) -> Result<bool> {
    if (row.name != name) return true;
    found = row;
    return false;
  };
  const auto scanned = scan(name, head_bytes, visit, deadline);
  if (!scanned) return fail(scanned.error());
  return found;
}

Result<Removed> Store::remove_unchanged(std::span<const ScanRow> rows, Deadline deadline) {
  Removed removed;
  for (const ScanRow& row : rows) {
    const auto now = look_up(row.name, row.head.size(), deadline);
    if (!now) return fail(now.error());
    if (!*now || !same_value(row, **now)) continue;
    const auto gone = remove(std::span(&row.name, 1), deadline);
    if (!gone) return fail(gone.error());
    if (*gone == 0) continue;
    ++removed.values;
    removed.bytes += row.size;
  }
  return removed;
}

std::vector<Finding> Store::diagnose(const DiagnosisOptions&, Deadline deadline) {
  const auto pong = ping(deadline);
  if (!pong) return {{Finding::Grade::fail, "connection", pong.error().message, "check that it can be reached"}};
  return {{Finding::Grade::pass, "connection", "the store answers", ""}};
}

}  // namespace libcache LIBCACHE_EXPORT
