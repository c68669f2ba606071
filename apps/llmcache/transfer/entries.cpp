#include "transfer/entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/values.h"
#include "ui/json_line.h"

namespace llmcache {

namespace {

namespace lc = libcache;

enum class Conflict { skip, replace, fail };
constexpr Choice<Conflict> kConflicts[] = {
    {"skip", Conflict::skip}, {"replace", Conflict::replace}, {"fail", Conflict::fail}};

// How many values are read at a time: few enough not to hold much memory.
constexpr std::size_t kMostValues = 64;
constexpr std::uint64_t kMostBytes = 16 << 20;

struct Selected {
  std::string name;
  std::uint64_t size = 0;
};

std::vector<Selected> select(Context& context, const std::string& prefix, const Filters& filters) {
  std::vector<Selected> selected;
  std::uint64_t others = 0;
  filters.for_each(context, prefix, [&](const lc::ScanRow& row, const auto& head) {
    if (head) {
      selected.push_back({row.name, row.size});
    } else if (!leave_out_damaged(context, row, false)) {
      ++others;
    }
    return true;
  });
  if (others > 0) {
    context.report().warn(others == 1 ? "1 value is left out: it is not an entry"
                                      : fmt::format("{} values are left out: they are not entries", others));
  }
  std::ranges::sort(selected, {}, &Selected::name);
  return selected;
}

// The next values to be read together.
std::span<const Selected> next_batch(std::span<const Selected> rest) {
  std::size_t count = 0;
  for (std::uint64_t bytes = 0; count < std::min(kMostValues, rest.size()) && bytes < kMostBytes; ++count) {
    bytes += rest[count].size;
  }
  return rest.first(count);
}

bool is_intact(const Context& context, const std::string& bytes) {
  return context.key_options().scheme != lc::KeyScheme::native || lc::Entry::open(bytes).has_value();
}

}  // namespace

void for_each_entry(Context& context, const std::string& prefix, const Filters& filters, Progress::Form form,
                    Interruption* interruption, const std::function<void(const EntryValues&)>& take) {
  const std::vector<Selected> selected = select(context, prefix, filters);
  lc::Cache& cache = context.cache();
  EntryCollector collector(cache, take);
  Progress progress(form, selected.size());
  std::uint64_t done = 0;
  for (std::span<const Selected> rest = selected; !rest.empty();) {
    if (interruption != nullptr && interruption->arrived()) return;
    const auto batch = next_batch(rest);
    std::vector<std::string> names;
    for (const Selected& one : batch) names.push_back(one.name);
    auto values = checked(cache.store().get_all(names, context.long_deadline()));
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!values[i]) continue;
      if (is_intact(context, values[i]->bytes)) {
        collector.add({std::move(names[i]), std::move(values[i]->bytes), values[i]->expires});
      } else {
        progress.hide();
        context.warn_of_damage(fmt::format("{} is left out: it is damaged", names[i]));
      }
    }
    done += batch.size();
    progress.show(done);
    rest = rest.subspan(batch.size());
  }
  collector.finish();
  progress.finish(done);
}

std::string EntryCollector::entry_of(const std::string& name) const {
  const auto parts = lc::EntryName::parse(name, cache_.options().key.scheme);
  return cache_.entry_name(name, parts && parts->stream ? lc::EntryKind::stream : lc::EntryKind::response);
}

void EntryCollector::add(lc::NamedEntry value) {
  // The name again: another line for the same entry.
  const bool is_next = !values_.empty() && (entry_of(values_.front().name) != entry_of(value.name) ||
                                            values_.front().name == value.name || values_.back().name == value.name);
  if (is_next) finish();
  values_.push_back(std::move(value));
}

void EntryCollector::finish() {
  if (!values_.empty()) take_(values_);
  values_.clear();
}

void EntryWriter::declare(Options& options) {
  options
      .value("--on-conflict", "HOW", on_conflict_,
             "if there is an entry with this name: skip (keep it, the default), replace, or fail")
      .choices = names_of(kConflicts);
}

void EntryWriter::write(lc::Cache& cache, const EntryValues& values, lc::Deadline deadline) {
  const Conflict conflict = parse_choice(on_conflict_, kConflicts);
  const auto& expires = values.front().expires;
  if (expires && *expires <= lc::system_now()) {
    ++expired_;
    return;
  }
  const bool written = checked(cache.put_values(values, conflict != Conflict::replace, deadline));
  if (!written && conflict == Conflict::fail) {
    throw Failure(Exit::policy, fmt::format("there is an entry called {} already", values.front().name));
  }
  ++(written ? written_ : skipped_);
}

void EntryWriter::print_total(Context& context, const char* schema, const char* done) const {
  if (context.settings().json) {
    context.out().line(json_line(schema, {{done, written_}, {"skipped", skipped_}, {"expired", expired_}}));
    return;
  }
  std::string text = fmt::format("{} {} {}", done, written_, written_ == 1 ? "entry" : "entries");
  if (skipped_ > 0) text += fmt::format(", skipped {} that the store had already", skipped_);
  if (expired_ > 0) text += fmt::format(", left out {} that had expired", expired_);
  context.report().say(text);
}

}  // namespace llmcache
