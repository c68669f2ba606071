#include "store/sqlite/store.h"

#include <libcache/diagnosis.h>
#include <libcache/flight.h>

#include <set>
#include <utility>

#include "base/deadline_lock.h"
#include "store/sqlite/database/schema.h"
#include "store/sqlite/database/session.h"
#include "store/sqlite/diagnosis.h"
#include "store/sqlite/flights.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/writer.h"

namespace libcache::internal {
namespace {

using sqlite::Connection;
using sqlite::Reader;
using sqlite::Session;
using sqlite::Writer;
using Uses = std::set<std::int64_t>;  // ids of entries

class SqliteStore final : public Store, public Flights {
 public:
  SqliteStore(std::filesystem::path file, const StoreOptions& options, bool read_only)
      : place_{std::move(file), options.clock, options.on_event, !options.strict && !read_only},
        max_size_(options.max_size),
        notes_use_(!read_only),
        flights_(place_.file.string() + "-flights"),
        writing_(place_, Connection::Mode::write),
        reading_(place_, Connection::Mode::read) {}

  // Writes the notes of use that no put has taken along, if that takes no waiting.
  ~SqliteStore() override {
    const auto uses = std::exchange(*uses_.lock(), {});
    if (uses.empty()) return;
    const auto now = place_.clock();
    const auto note = [&](Writer& writer) { return writer.note_use(uses, now).map([] { return true; }); };
    (void)writing_.lock()->run<bool>(now, false, Deadline::after(Milliseconds(0)), note);
  }

  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    const auto now = place_.clock();
    auto found = read<sqlite::Found>(now, deadline, [&](Reader& reader) { return reader.get(name, now, deadline); });
    if (!found) return tl::make_unexpected(std::move(found.error()));
    if (found->value && now - found->used >= kBetweenNotes) note_use(name);
    return std::move(found->value);
  }

  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    const auto now = place_.clock();
    auto uses = std::exchange(*uses_.lock(), {});
    auto stored = write<bool>(now, true, deadline,
                              [&](Writer& writer) { return writer.put({name, value, options, uses, max_size_}, now); });
    if (!stored) uses_.lock()->merge(uses);
    return stored;
  }

  // A database that is not there is left to the put: it may never come.
  void prepare_put(Deadline deadline) override {
    const auto prepare = [](Writer& writer) { return writer.prepare_put().map([] { return true; }); };
    (void)write<bool>(place_.clock(), false, deadline, prepare);
  }

  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    const auto now = place_.clock();
    return write<std::uint64_t>(now, false, deadline,
                                [&](Writer& writer) { return writer.remove(names, now, deadline); });
  }

  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    const auto now = place_.clock();
    for (std::string from(prefix);;) {
      const auto listings = read<std::vector<ScanRow>>(
          now, deadline, [&](Reader& reader) { return reader.list(prefix, from, head_bytes, now, deadline); });
      if (!listings) return tl::make_unexpected(listings.error());
      if (listings->empty()) return {};
      for (const auto& listing : *listings) {
        const auto more = visit(listing);
        if (!more) return tl::make_unexpected(more.error());
        if (!*more) return {};
      }
      from = listings->back().name + '\0';  // the next name there can be
    }
  }

  Status ping(Deadline deadline) override {
    const auto now = place_.clock();
    return read<bool>(
               now, deadline,
               [&](Reader& reader) { return reader.get("", now, deadline).map([](const auto&) { return true; }); })
        .map([](bool) {});
  }

  std::vector<Finding> diagnose(const DiagnosisOptions& options, Deadline deadline) override {
    return sqlite::diagnose(place_.file, max_size_, options, deadline);
  }

  Flights* flights() override { return this; }

  Result<Flight> join(std::string_view name, Deadline deadline) override {
    auto flight = flights_.join(name, deadline);
    if (!flight || !flight->lease) return flight;
    const auto value = get(name, deadline);
    if (!value) return tl::make_unexpected(value.error());
    flight->value_present = value->has_value();
    return flight;
  }

 private:
  static constexpr Milliseconds kBetweenNotes = std::chrono::hours(1);

  template <class R, class Body>
  Result<R> read(UnixTime now, Deadline deadline, const Body& body) {
    const auto session = lock_before(deadline, reading_);
    if (!session) return tl::make_unexpected(session.error());
    return (*session)->template run<R>(now, false, deadline, body);
  }

  template <class R, class Body>
  Result<R> write(UnixTime now, bool create, Deadline deadline, const Body& body) {
    const auto session = lock_before(deadline, writing_);
    if (!session) return tl::make_unexpected(session.error());
    return (*session)->template run<R>(now, create, deadline, body);
  }

  void note_use(std::string_view name) {
    constexpr std::size_t kMostNotes = 10'000;
    if (!notes_use_) return;
    const auto uses = uses_.lock();
    if (uses->size() < kMostNotes) uses->insert(sqlite::id_of(name));
  }

  const sqlite::Place place_;
  const std::uint64_t max_size_;
  const bool notes_use_;
  const sqlite::FileFlights flights_;
  // Closed last, for only a writing connection that nobody reads beside may fold the log back into the database.
  Guarded<Session<Writer>> writing_;
  Guarded<Session<Reader>> reading_;
  Guarded<Uses> uses_;  // what was read and is not yet noted, at most once an hour for each
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(std::filesystem::path file, StoreOptions options, bool read_only) {
  return std::make_unique<SqliteStore>(std::move(file), std::move(options), read_only);
}

}  // namespace libcache::internal
