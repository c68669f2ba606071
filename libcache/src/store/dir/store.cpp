#include "store/dir/store.h"

#include <libcache/diagnosis.h>
#include <libcache/flight.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/deadline_lock.h"
#include "base/hash.h"
#include "base/process_owned.h"
#include "store/dir/diagnosis.h"
#include "store/dir/files.h"
#include "store/dir/folder.h"
#include "store/file_flights.h"
#include "store/private_directory.h"
#include "store/statistics/log.h"

namespace libcache::internal {
namespace {

using dir::FolderFiles;
using dir::FolderListing;
using dir::Place;
using dir::Value;

Status check(Deadline deadline) {
  return deadline.expired() ? Status(fail(ErrorCode::timeout, "the deadline has passed")) : Status();
}

// What is kept about the store at `root` elsewhere has this name, the same for every process that uses it.
std::string name_elsewhere(const std::filesystem::path& root) {
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(root, error);
  return xxh3_128_hex((error ? root : path).string());
}

std::filesystem::path flights_of(const std::filesystem::path& root, const std::filesystem::path& runtime) {
  const auto base = runtime.empty() ? "/tmp/llmcache-" + std::to_string(::geteuid()) : runtime.string();
  return std::filesystem::path(base) / ("flights-" + name_elsewhere(root));
}

// A file that was found for a name.
struct Found {
  std::string file;
  std::optional<Value> value;  // nothing: the file cannot be read
  std::string text;            // of a file that cannot be read
};

class DirStore final : public Store, public Flights {
 public:
  DirStore(std::filesystem::path root, std::unique_ptr<const dir::Form> form, const StoreOptions& options,
           bool read_only)
      : root_(std::move(root)),
        form_(std::move(form)),
        clock_(options.clock),
        on_event_(options.on_event),
        only_reads_(read_only || options.only_reads),
        strict_(options.strict),
        runtime_(options.runtime_directory) {
    if (options.state_directory.empty()) return;
    const auto may_create = [directory = options.state_directory, only_reads = options.only_reads] {
      return !only_reads && make_private_directory(directory).has_value();
    };
    statistics_.emplace(options.state_directory / ("statistics-" + name_elsewhere(root_)),
                        StatisticsLog::Options{.writes = !read_only, .may_create = may_create, .clock = clock_});
  }

  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    auto found = find(name, deadline);
    if (!found) return fail(found.error());
    if (!*found) return std::nullopt;
    // A cache that opens it finds it damaged.
    if (!(*found)->value) return std::move((*found)->text);
    if (!is_live(*(*found)->value)) return std::nullopt;
    return std::move((*found)->value->bytes);
  }

  Result<bool> put(std::string_view name, std::string_view bytes, const PutOptions& options,
                   Deadline deadline) override {
    const auto found = find(name, deadline);
    if (!found) return fail(found.error());
    const Value* const old = *found && (*found)->value ? &*(*found)->value : nullptr;
    if (options.only_new && old != nullptr && is_live(*old)) return false;
    if (!form_->has_file(bytes)) {
      const std::string names[] = {std::string(name)};
      return remove(names, deadline).map([](std::uint64_t) { return true; });
    }
    const auto text = form_->write({std::string(name), std::string(bytes), options.expires}, old);
    if (!text) return true;
    const Place place = form_->place_of(name);
    const auto folder = FolderFiles::open_or_create(root_, place.folder);
    if (!folder) return fail(folder.error());
    if (*found) {
      auto replaced = folder->replace((*found)->file, file_name({}, place, place.digits.size()), text->bytes);
      return replaced ? Result<bool>(true) : fail(replaced.error());
    }
    return create(*folder, place, *text, name, bytes, options, deadline);
  }

  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    if (auto status = check(deadline); !status) return fail(status.error());
    std::uint64_t removed = 0;
    for (const auto& name : names) {
      bool live = false;
      // A process that was killed may have left another file of the name.
      for (;;) {
        const auto found = find(name, deadline);
        if (!found) return fail(found.error());
        if (!*found) break;
        const auto folder = FolderFiles::open(root_, form_->place_of(name).folder);
        if (!folder) return fail(folder.error());
        if (!*folder) break;
        const auto gone = (*folder)->remove((*found)->file);
        if (!gone) return fail(gone.error());
        live = live || (*gone && (!(*found)->value || is_live(*(*found)->value)));
      }
      removed += live ? 1 : 0;
    }
    return removed;
  }

  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    const auto folders = dir::folders_in(root_);
    if (!folders) return fail(folders.error());
    if (auto status = check(deadline); !status) return status;
    if (folders->empty()) return check_exists();
    for (const std::string& folder : *folders) {
      const auto more = scan_folder(folder, prefix, head_bytes, visit, deadline);
      if (!more) return fail(more.error());
      if (!*more) break;
    }
    return {};
  }

  Result<std::optional<ScanRow>> look_up(std::string_view name, std::size_t head_bytes, Deadline deadline) override {
    const auto found = find(name, deadline);
    if (!found) return fail(found.error());
    if (!*found || !(*found)->value || !is_live(*(*found)->value)) return std::nullopt;
    return row_of(*(*found)->value, head_bytes);
  }

  Result<std::optional<UnixTime>> expired_at(std::string_view name, Deadline deadline) override {
    const auto found = find(name, deadline);
    if (!found) return fail(found.error());
    const bool has_expired = *found && (*found)->value && !is_live(*(*found)->value);
    return has_expired ? (*found)->value->expires : std::nullopt;
  }

  Result<std::optional<StoreSize>> size(Deadline deadline) override {
    const auto folders = dir::folders_in(root_);
    if (!folders) return fail(folders.error());
    StoreSize total;
    for (const std::string& name : *folders) {
      if (auto status = check(deadline); !status) return fail(status.error());
      const auto folder = FolderFiles::open(root_, name);
      if (!folder) return fail(folder.error());
      if (!*folder) continue;
      const auto size = dir::size_of(**folder);
      if (!size) return fail(size.error());
      total.values += size->values;
      total.bytes += size->bytes;
    }
    return total;
  }

  Status ping(Deadline deadline) override {
    if (auto status = check(deadline); !status) return status;
    const auto opened = FolderFiles::open(root_, "");
    return opened ? Status() : fail(opened.error());
  }

  std::vector<Finding> diagnose(const DiagnosisOptions& options, Deadline deadline) override {
    return dir::diagnose(root_, *form_, options.read_only, deadline);
  }

  Flights* flights() override { return this; }
  Statistics* statistics() override { return statistics_ ? &*statistics_ : nullptr; }

  Result<Flight> join(std::string_view name, Deadline deadline) override {
    auto flight = FileFlights(flights_of(root_, runtime_)).join(name, deadline);
    if (!flight || !flight->lease) return flight;
    const auto found = look_up(name, 0, deadline);
    if (!found) return fail(found.error());
    flight->value_present = found->has_value();
    return flight;
  }

 private:
  bool is_live(const Value& value) const { return !value.expires || *value.expires > clock_(); }

  static ScanRow row_of(const Value& value, std::size_t head_bytes) {
    return {value.name, value.bytes.size(), value.expires, value.bytes.substr(0, head_bytes)};
  }

  static std::string file_name(std::string_view title, const Place& place, std::size_t digits) {
    std::string name(title);
    if (!name.empty()) name += '.';
    return name.append(place.digits, 0, digits).append(place.ending).append(dir::kFileEnding);
  }

  // The file of a name, whether or not its value has expired.
  Result<std::optional<Found>> find(std::string_view name, Deadline deadline) {
    if (auto status = check(deadline); !status) return fail(status.error());
    const Place place = form_->place_of(name);
    const auto folder = FolderFiles::open(root_, place.folder);
    if (!folder) return fail(folder.error());
    if (!*folder) {
      const auto exists = check_exists();
      return exists ? Result<std::optional<Found>>(std::nullopt) : fail(exists.error());
    }
    constexpr int kMostAttempts = 100;
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      bool changed = false;
      std::optional<Found> damaged;
      const auto files = list(place, **folder, deadline);
      if (!files) return fail(files.error());
      for (const std::string& file : *files) {
        auto content = (*folder)->read(file);
        if (!content) return fail(content.error());
        changed = changed || (!*content && !(*folder)->is_taken(file));
        if (!*content) continue;
        auto value = form_->read(place.folder, (*content)->text, (*content)->written);
        if (value && value->name == name) return Found{file, *std::move(value), {}};
        const bool has_its_ending = file.ends_with(place.ending + std::string(dir::kFileEnding));
        if (value || !has_its_ending) continue;
        warn_of_damage(place.folder, file, value.error());
        damaged = Found{file, std::nullopt, std::move((*content)->text)};
      }
      if (!changed) return damaged;
      if (auto status = check(deadline); !status) return fail(status.error());
    }
    return std::nullopt;
  }

  Result<std::vector<std::string>> list(const Place& place, const FolderFiles& folder, Deadline deadline) {
    const auto listings = lock_before(deadline, *listings_);
    if (!listings) return fail(listings.error());
    FolderListing& listing = (**listings)[place.folder];
    if (auto status = listing.refresh(folder); !status) return fail(status.error());
    return listing.candidates(place.digits);
  }

  // Writes the first file of a name. Another hash may have the same first digits, and another process may have written
  // the same name in the meantime.
  Result<bool> create(const FolderFiles& folder, const Place& place, const dir::Text& text, std::string_view name,
                      std::string_view bytes, const PutOptions& options, Deadline deadline) {
    for (std::size_t digits = dir::kFewestDigits; digits <= place.digits.size(); digits += dir::kFewestDigits) {
      const std::string file = file_name(text.title, place, digits);
      const auto created = folder.create(file, text.bytes);
      if (!created || *created) return created;
      if (folder.is_taken(file)) continue;
      const auto content = folder.read(file);
      if (!content) return fail(content.error());
      const auto other = *content ? form_->read(place.folder, (*content)->text, (*content)->written)
                                  : Result<Value>(Value{std::string(name), {}, {}});
      if (other && other->name == name) return put(name, bytes, options, deadline);
    }
    return fail(ErrorCode::refused, "every file name of the entry is taken");
  }

  // False: the visitor wants no more.
  Result<bool> scan_folder(const std::string& folder_name, std::string_view prefix, std::size_t head_bytes,
                           const Visitor& visit, Deadline deadline) {
    const auto folder = FolderFiles::open(root_, folder_name);
    if (!folder) return fail(folder.error());
    if (!*folder) return true;
    std::set<std::string> seen;
    const auto visit_file = [&](const std::string& file, const FolderFiles::Content& content) -> Result<bool> {
      const auto value = form_->read(folder_name, content.text, content.written);
      if (!value) warn_of_damage(folder_name, file, value.error());
      if (!value || !value->name.starts_with(prefix) || !is_live(*value) ||
          !dir::leads_to(form_->place_of(value->name), folder_name, file)) {
        return true;
      }
      if (!seen.insert(value->name).second) return true;
      return visit(row_of(*value, head_bytes));
    };
    return dir::for_each_file(**folder, visit_file, deadline);
  }

  // Says once that there is no directory. A strict store that is only read must have one.
  Status check_exists() {
    std::error_code error;
    if (std::filesystem::exists(root_, error)) return {};
    const std::string quoted = "'" + root_.string() + "'";
    if (strict_ && only_reads_) return fail(ErrorCode::refused, quoted + " does not exist");
    if (!on_event_ || warned_missing_.exchange(true)) return {};
    on_event_({.severity = only_reads_ ? Event::Severity::warning : Event::Severity::info,
               .name = "store.missing",
               .message = quoted + " does not exist, so nothing is cached in it"});
    return {};
  }

  void warn_of_damage(const std::string& folder, const std::string& file, const Error& error) const {
    if (!on_event_) return;
    on_event_({.severity = Event::Severity::warning,
               .name = "entry.corrupt",
               .message = "'" + (root_ / folder / file).string() + "' cannot be read: " + error.message});
  }

  std::filesystem::path root_;
  std::unique_ptr<const dir::Form> form_;
  Clock clock_;
  EventHandler on_event_;
  bool only_reads_;
  bool strict_;
  std::atomic<bool> warned_missing_ = false;
  std::filesystem::path runtime_;
  ProcessOwned<Guarded<std::map<std::string, FolderListing>>> listings_;
  std::optional<StatisticsLog> statistics_;
};

}  // namespace

std::unique_ptr<Store> make_dir_store(std::filesystem::path root, std::unique_ptr<const dir::Form> form,
                                      const StoreOptions& options, bool read_only) {
  return std::make_unique<DirStore>(std::move(root), std::move(form), options, read_only);
}

}  // namespace libcache::internal
