#include "store/sqlite/store.h"

#include <libcache/diagnosis.h>
#include <libcache/flight.h>

#include <set>
#include <utility>

#include "base/deadline_lock.h"
#include "base/process_owned.h"
#include "store/file_flights.h"
#include "store/sqlite/database/schema.h"
#include "store/sqlite/database/session.h"
#include "store/sqlite/diagnosis.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/writer.h"
#include "store/statistics/log.h"

namespace libcache::internal {
namespace {

using sqlite::Access;
using sqlite::Reader;
using sqlite::Request;
using sqlite::Session;
using sqlite::Writer;
using Uses = std::set<std::int64_t>;  // ids of entries

class SqliteStore final : public Store, public Flights {
 public:
  SqliteStore(std::filesystem::path file, const StoreOptions& options, bool read_only, bool counts)
      : place_{std::move(file), options.clock, options.on_event, options.strict, read_only},
        max_size_(options.max_size),
        flights_(place_.file.string() + "-flights"),
        writing_(place_, Access::write),
        reading_(place_, read_only ? Access::observe : Access::read),
        statistics_(place_.file.string() + "-stats",
                    {.writes = counts, .may_create = [this] { return may_create_beside(); }, .clock = options.clock}) {}

  // Writes the recorded uses that no put has written, unless it would have to wait.
  ~SqliteStore() override {
    if (!writing_.is_owner()) return;
    const auto uses = std::exchange(*uses_->lock(), {});
    if (uses.empty()) return;
    const auto now = place_.clock();
    const auto note = [&](Writer& writer) { return writer.note_use(uses, now).map([] { return true; }); };
    const Request request{.now = now, .deadline = Deadline::after(Milliseconds(0))};
    (void)writing_->lock()->run<bool>(request, note);
  }

  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    const auto now = place_.clock();
    auto found = read<sqlite::Found>(now, deadline, [&](Reader& reader) { return reader.get(name, now, deadline); });
    if (!found) return fail(std::move(found.error()));
    if (found->value && is_worth_noting(found->used, now)) note_use(name);
    return std::move(found->value);
  }

  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    const auto now = place_.clock();
    auto uses = std::exchange(*uses_->lock(), {});
    const auto body = [&](Writer& writer) {
      return writer.put({name, value, options, uses, max_size_}, now, deadline);
    };
    auto stored = write<bool>({.now = now, .deadline = deadline, .create = true, .may_set_aside = true}, body);
    if (!stored) uses_->lock()->merge(uses);
    return stored;
  }

  // A database that does not exist is created by the put, if one follows.
  void prepare_put(Deadline deadline) override {
    const auto prepare = [](Writer& writer) { return writer.prepare_put().map([] { return true; }); };
    (void)write<bool>({.now = place_.clock(), .deadline = deadline}, prepare);
  }

  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    return removal(deadline, [&](Writer& writer, UnixTime now) { return writer.remove(names, now, deadline); })
        .map([](const Removed& removed) { return removed.values; });
  }

  Result<Removed> remove_unchanged(std::span<const ScanRow> rows, Deadline deadline) override {
    return removal(deadline,
                   [&](Writer& writer, UnixTime now) { return writer.remove_unchanged(rows, now, deadline); });
  }

  Result<std::optional<ScanRow>> look_up(std::string_view name, std::size_t head_bytes, Deadline deadline) override {
    const auto now = place_.clock();
    return read<std::optional<ScanRow>>(
        now, deadline, [&](Reader& reader) { return reader.look_up(name, head_bytes, now, deadline); });
  }

  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    const auto now = place_.clock();
    for (std::string from(prefix);;) {
      const auto rows = read<std::vector<ScanRow>>(
          now, deadline, [&](Reader& reader) { return reader.list(prefix, from, head_bytes, now, deadline); });
      if (!rows) return fail(rows.error());
      if (rows->empty()) return {};
      for (const auto& row : *rows) {
        const auto more = visit(row);
        if (!more) return fail(more.error());
        if (!*more) return {};
      }
      from = rows->back().name + '\0';  // the next possible name
    }
  }

  Result<std::optional<UnixTime>> expired_at(std::string_view name, Deadline deadline) override {
    const auto now = place_.clock();
    return read<std::optional<UnixTime>>(now, deadline, [&](Reader& reader) { return reader.expired_at(name, now); });
  }

  Status scan_recent(std::string_view prefix, std::size_t count, const Visitor& visit, Deadline deadline) override {
    const auto now = place_.clock();
    const auto rows =
        read<std::vector<ScanRow>>(now, deadline, [&](Reader& reader) { return reader.recent(prefix, count, now); });
    if (!rows) return fail(rows.error());
    for (const auto& row : *rows) {
      const auto more = visit(row);
      if (!more) return fail(more.error());
      if (!*more) break;
    }
    return {};
  }

  Result<std::optional<StoreSize>> size(Deadline deadline) override {
    return read<std::optional<StoreSize>>(place_.clock(), deadline, [](Reader& reader) { return reader.size(); });
  }

  Status ping(Deadline deadline) override {
    return look_up("", 0, deadline).map([](const auto&) {});
  }

  std::vector<Finding> diagnose(const DiagnosisOptions& options, Deadline deadline) override {
    return sqlite::diagnose(place_, max_size_, options, deadline);
  }

  Flights* flights() override { return this; }
  Statistics* statistics() override { return &statistics_; }

  Result<Flight> join(std::string_view name, Deadline deadline) override {
    // Nothing is created next to a file that is not a database of llmcache either.
    if (auto checked = sqlite::check_file(place_.file); !checked) return fail(checked.error());
    auto flight = flights_.join(name, deadline);
    if (!flight || !flight->lease) return flight;
    const auto value = get(name, deadline);
    if (!value) return fail(value.error());
    flight->value_present = value->has_value();
    return flight;
  }

 private:
  template <class R, class Body>
  Result<R> read(UnixTime now, Deadline deadline, const Body& body) {
    const auto session = lock_before(deadline, *reading_);
    if (!session) return fail(session.error());
    return (*session)->template run<R>({.now = now, .deadline = deadline}, body);
  }

  template <class R, class Body>
  Result<R> write(const Request& request, const Body& body) {
    const auto session = lock_before(request.deadline, *writing_);
    if (!session) return fail(session.error());
    return (*session)->template run<R>(request, body);
  }

  // A removal works on a full disk too, for it frees space.
  template <class Body>
  Result<Removed> removal(Deadline deadline, const Body& body) {
    const auto now = place_.clock();
    const Request request{.now = now, .deadline = deadline, .frees_space = true, .may_set_aside = true};
    return write<Removed>(request, [&](Writer& writer) { return body(writer, now); });
  }

  // Nothing is created beside a file that is not ours, or where there is no database.
  bool may_create_beside() const {
    const auto file = place_.read_only ? std::nullopt : sqlite::look_at(place_.file).value_or(std::nullopt);
    return file && sqlite::check_is_ours(place_.file, file->id);
  }

  // Once an hour is enough. A use in the future was recorded by a machine with a wrong clock.
  static bool is_worth_noting(UnixTime used, UnixTime now) {
    constexpr auto kBetweenNotes = std::chrono::hours(1);
    return now - used >= kBetweenNotes || used - now >= kBetweenNotes;
  }

  void note_use(std::string_view name) {
    constexpr std::size_t kMostNotes = 10'000;
    if (place_.read_only) return;
    const auto uses = uses_->lock();
    if (uses->size() < kMostNotes) uses->insert(sqlite::id_of(name));
  }

  const sqlite::Place place_;
  const std::uint64_t max_size_;
  const FileFlights flights_;
  ProcessOwned<Guarded<Session<Writer>>> writing_;
  ProcessOwned<Guarded<Session<Reader>>> reading_;
  StatisticsLog statistics_;
  ProcessOwned<Guarded<Uses>> uses_;  // uses that have not been recorded yet
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(std::filesystem::path file, StoreOptions options, bool read_only) {
  return std::make_unique<SqliteStore>(std::move(file), options, read_only || options.only_reads, !read_only);
}

}  // namespace libcache::internal
