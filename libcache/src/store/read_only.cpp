#include "store/read_only.h"

#include <libcache/diagnosis.h>

#include <utility>

namespace libcache::internal {
namespace {

class ReadOnlyStore final : public Store {
 public:
  ReadOnlyStore(std::unique_ptr<Store> store, std::string_view cause) : store_(std::move(store)), cause_(cause) {}

  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    return store_->get(name, deadline);
  }
  Result<bool> put(std::string_view, std::string_view, const PutOptions&, Deadline) override { return refuse(); }
  Result<std::uint64_t> remove(std::span<const std::string>, Deadline) override { return refuse(); }
  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    return store_->scan(prefix, head_bytes, visit, deadline);
  }
  Status ping(Deadline deadline) override { return store_->ping(deadline); }
  Result<std::optional<ScanRow>> look_up(std::string_view name, std::size_t head_bytes, Deadline deadline) override {
    return store_->look_up(name, head_bytes, deadline);
  }
  Result<std::optional<UnixTime>> expired_at(std::string_view name, Deadline deadline) override {
    return store_->expired_at(name, deadline);
  }
  Status scan_recent(std::string_view prefix, std::size_t count, const Visitor& visit, Deadline deadline) override {
    return store_->scan_recent(prefix, count, visit, deadline);
  }
  Result<std::optional<StoreSize>> size(Deadline deadline) override { return store_->size(deadline); }
  Statistics* statistics() override { return store_->statistics(); }
  std::vector<Finding> diagnose(const DiagnosisOptions& options, Deadline deadline) override {
    DiagnosisOptions reading = options;
    reading.read_only = true;
    return store_->diagnose(reading, deadline);
  }
  Result<std::vector<std::optional<StoredValue>>> get_all(std::span<const std::string> names,
                                                          Deadline deadline) override {
    return store_->get_all(names, deadline);
  }
  Result<Removed> remove_unchanged(std::span<const ScanRow>, Deadline) override { return refuse(); }
  Status put_all(std::span<const NamedValue>, std::optional<UnixTime>, Deadline) override { return refuse(); }

 private:
  tl::unexpected<Error> refuse() const {
    return fail(ErrorCode::refused, "the store was opened read-only (" + cause_ + ")");
  }

  std::unique_ptr<Store> store_;
  const std::string cause_;
};

}  // namespace

std::unique_ptr<Store> make_read_only(std::unique_ptr<Store> store, std::string_view cause) {
  return std::make_unique<ReadOnlyStore>(std::move(store), cause);
}

}  // namespace libcache::internal
