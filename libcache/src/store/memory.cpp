#include "store/memory.h"

#include <list>
#include <map>
#include <string>
#include <utility>

#include "base/deadline_lock.h"
#include "base/process_owned.h"
#include "store/local_flights.h"

namespace libcache::internal {
namespace {

struct Value {
  std::shared_ptr<const std::string> bytes;  // shared, so that readers copy it without holding the lock
  std::optional<UnixTime> expires;
  std::list<const std::string*>::iterator use;

  bool live(UnixTime now) const { return !expires || *expires > now; }
};

// The values by name, and the names in the order of their last use.
class Shelf {
 public:
  using Values = std::map<std::string, Value, std::less<>>;

  const Value* find(std::string_view name, UnixTime now) const {
    const auto found = values_.find(name);
    return found != values_.end() && found->second.live(now) ? &found->second : nullptr;
  }

  std::optional<UnixTime> expired_at(std::string_view name, UnixTime now) const {
    const auto found = values_.find(name);
    return found != values_.end() && !found->second.live(now) ? found->second.expires : std::nullopt;
  }

  void touch(const Value& value) { uses_.splice(uses_.begin(), uses_, value.use); }

  void insert(std::string_view name, Value value) {
    erase(values_.find(name));
    const auto [place, inserted] = values_.emplace(name, std::move(value));
    uses_.push_front(&place->first);
    place->second.use = uses_.begin();
    bytes_ += cost(*place);
  }

  bool remove(std::string_view name, UnixTime now) {
    const auto found = values_.find(name);
    if (found == values_.end()) return false;
    const bool live = found->second.live(now);
    erase(found);
    return live;
  }

  // Evicts the least recently used values, but never the most recent one, until at most `max_size` bytes are in use.
  void shrink(std::uint64_t max_size) {
    while (bytes_ > max_size && uses_.size() > 1) erase(values_.find(*uses_.back()));
  }

  // Examines the next few values, starting again after the last one, and drops those that have expired.
  void sweep(UnixTime now) {
    constexpr int kSweptAtOnce = 8;
    auto next = values_.lower_bound(swept_);
    for (int i = 0; i < kSweptAtOnce && next != values_.end(); ++i) {
      const auto current = next++;
      if (!current->second.live(now)) erase(current);
    }
    swept_ = next == values_.end() ? std::string() : next->first;
  }

  // The first live value at or after `from` whose name starts with `prefix`.
  const Values::value_type* next(std::string_view prefix, std::string_view from, UnixTime now) const {
    auto value = values_.lower_bound(from);
    while (value != values_.end() && value->first.starts_with(prefix) && !value->second.live(now)) ++value;
    return value != values_.end() && value->first.starts_with(prefix) ? &*value : nullptr;
  }

 private:
  static std::uint64_t cost(const Values::value_type& value) {
    constexpr std::uint64_t kOverhead = 160;  // about what the map, the list and the strings take themselves
    return value.first.size() + value.second.bytes->size() + kOverhead;
  }

  void erase(Values::iterator value) {
    if (value == values_.end()) return;
    bytes_ -= cost(*value);
    uses_.erase(value->second.use);
    values_.erase(value);
  }

  Values values_;
  std::list<const std::string*> uses_;
  std::uint64_t bytes_ = 0;
  std::string swept_;
};

class MemoryStore final : public Store, public Flights {
 public:
  explicit MemoryStore(const StoreOptions& options) : clock_(options.clock), max_size_(options.max_size) {}

  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    std::shared_ptr<const std::string> bytes;
    {
      const auto shelf = lock_before(deadline, *shelf_);
      if (!shelf) return fail(shelf.error());
      const auto* value = (*shelf)->find(name, clock_());
      if (value == nullptr) return std::nullopt;
      (*shelf)->touch(*value);
      bytes = value->bytes;
    }
    return *bytes;
  }

  Result<std::optional<UnixTime>> expired_at(std::string_view name, Deadline deadline) override {
    const auto shelf = lock_before(deadline, *shelf_);
    if (!shelf) return fail(shelf.error());
    return (*shelf)->expired_at(name, clock_());
  }

  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    if (max_size_ != 0 && value.size() > max_size_) {
      return fail(ErrorCode::policy,
                  "a value of " + std::to_string(value.size()) + " bytes is too large for the store");
    }
    auto bytes = std::make_shared<const std::string>(value);
    const auto shelf = lock_before(deadline, *shelf_);
    if (!shelf) return fail(shelf.error());
    const auto now = clock_();
    if (options.only_new && (*shelf)->find(name, now) != nullptr) return false;
    (*shelf)->insert(name, Value{.bytes = std::move(bytes), .expires = options.expires, .use = {}});
    (*shelf)->sweep(now);
    if (max_size_ != 0) (*shelf)->shrink(max_size_);
    return true;
  }

  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    const auto shelf = lock_before(deadline, *shelf_);
    if (!shelf) return fail(shelf.error());
    std::uint64_t removed = 0;
    for (const auto& name : names) removed += (*shelf)->remove(name, clock_()) ? 1 : 0;
    return removed;
  }

  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    ScanRow listing{.name = {}, .size = 0, .expires = std::nullopt, .head = {}};
    for (std::string from(prefix);; from = listing.name + '\0') {
      {
        const auto shelf = lock_before(deadline, *shelf_);
        if (!shelf) return fail(shelf.error());
        const auto* found = (*shelf)->next(prefix, from, clock_());
        if (found == nullptr) return {};
        const auto& [name, value] = *found;
        listing = {name, value.bytes->size(), value.expires, value.bytes->substr(0, head_bytes)};
      }
      const auto more = visit(listing);
      if (!more) return fail(more.error());
      if (!*more) return {};
    }
  }

  Status ping(Deadline deadline) override {
    const auto shelf = lock_before(deadline, *shelf_);
    return shelf ? Status() : fail(shelf.error());
  }

  Flights* flights() override { return this; }

  Result<Flight> join(std::string_view name, Deadline deadline) override {
    auto flight = flights_.join(name, deadline);
    if (!flight || !flight->lease) return flight;
    const auto shelf = lock_before(deadline, *shelf_);
    if (!shelf) return fail(shelf.error());
    flight->value_present = (*shelf)->find(name, clock_()) != nullptr;
    return flight;
  }

 private:
  Clock clock_;
  std::uint64_t max_size_;
  ProcessOwned<Guarded<Shelf>> shelf_;
  LocalFlights flights_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(const StoreOptions& options) {
  return std::make_unique<MemoryStore>(options);
}

}  // namespace libcache::internal
