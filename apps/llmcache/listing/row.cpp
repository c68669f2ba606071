#include "listing/row.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "config/values.h"
#include "ui/describe.h"
#include "ui/json_line.h"
#include "ui/table.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;

constexpr const char* kAsked = "text";
constexpr auto kFields = std::to_array<std::string_view>({"name",
                                                          "session",
                                                          "hash",
                                                          "sample",
                                                          "stored_bytes",
                                                          "kind",
                                                          "provider",
                                                          "model",
                                                          "finish_reason",
                                                          "endpoint",
                                                          "incomplete",
                                                          "error",
                                                          "content_type",
                                                          "prompt_tokens",
                                                          "completion_tokens",
                                                          "cached_tokens",
                                                          "reasoning_tokens",
                                                          "origin_first_chunk_ms",
                                                          "origin_total_ms",
                                                          "payload_bytes",
                                                          "created",
                                                          "expires",
                                                          "age_ms",
                                                          "ttl_ms",
                                                          "tool",
                                                          kAsked});

class Names final : public Lister {
 public:
  explicit Names(Output& out) : out_(out) {}
  void add(const ListedEntry& entry) override { out_.print(entry.name + '\0'); }

 private:
  Output& out_;
};

class JsonLines final : public Lister {
 public:
  JsonLines(Context& context, std::vector<std::string> fields) : context_(context), fields_(std::move(fields)) {}

  void add(const ListedEntry& entry) override {
    Json::Members members = describe_name(entry.name, context_.key_options());
    members.emplace_back("stored_bytes", entry.size);
    if (entry.head) {
      std::ranges::move(describe(*entry.head, now_), std::back_inserter(members));
    } else {
      members.emplace_back("kind", "unknown");
    }
    if (std::ranges::find(fields_, kAsked) != fields_.end()) {
      members.emplace_back(kAsked, asked_in(context_, entry.name));
    }
    context_.out().line(fields_.empty() ? json_line("entry", members) : Json::object(selected(members)).text());
  }

 private:
  Json::Members selected(Json::Members& members) const {
    Json::Members chosen;
    for (const std::string& field : fields_) {
      const auto member = std::ranges::find(members, field, &Json::Members::value_type::first);
      if (member != members.end()) chosen.push_back(*member);
    }
    return chosen;
  }

  Context& context_;
  std::vector<std::string> fields_;
  lc::UnixTime now_ = lc::system_now();
};

std::string count_or_dash(const std::optional<std::int64_t>& count) {
  return count ? std::to_string(*count) : "-";
}
std::string text_or_dash(const std::string& text) {
  return text.empty() ? "-" : escaped(text, false);
}

// How an answer ended; of one that only --accept let be stored, what is wrong with it.
std::string outcome(const lc::Metadata& metadata) {
  return metadata.error ? "error" : metadata.incomplete ? "incomplete" : metadata.finish_reason;
}

class Columns final : public Lister {
 public:
  Columns(Context& context, bool all) : context_(context), all_(all), table_(headings(all)) {}

  void add(const ListedEntry& entry) override {
    std::vector<std::string> row = row_of(entry);
    if (context_.out().is_terminal()) return table_.add(std::move(row));
    context_.out().line(fmt::format("{}", fmt::join(row, "\t")));
  }
  void finish() override {
    if (context_.out().is_terminal()) table_.print(context_.out());
  }

 private:
  static std::vector<std::string> headings(bool all) {
    std::vector<std::string> headings{"NAME", "KIND", "MODEL", "SIZE", "AGE", "TTL LEFT"};
    if (!all) return headings;
    headings.insert(headings.end(), {"FINISH", "PROMPT", "COMPLETION", "ORIGIN", "CREATED"});
    headings.insert(headings.end(), {"SESSION", "HASH", "SAMPLE", "ENDPOINT"});
    return headings;
  }

  std::vector<std::string> row_of(const ListedEntry& entry) const {
    std::vector<std::string> row{context_.out().name(entry.name)};
    if (!entry.head) {
      row.insert(row.end(), {"unknown", "-", format_size(entry.size), "-", "-"});
      if (all_) row.insert(row.end(), 5, "-");
    } else {
      const lc::EntryHead& head = *entry.head;
      row.insert(row.end(), {std::string(lc::to_string(head.kind)), text_or_dash(head.metadata.model),
                             format_size(entry.size), age(head, now_), time_left(head, now_)});
      if (all_) add_details(row, head);
    }
    if (all_) add_parts(row, entry);
    return row;
  }

  static void add_details(std::vector<std::string>& row, const lc::EntryHead& head) {
    const lc::Metadata& metadata = head.metadata;
    row.push_back(text_or_dash(outcome(metadata)));
    row.push_back(count_or_dash(metadata.prompt_tokens));
    row.push_back(count_or_dash(metadata.completion_tokens));
    row.push_back(metadata.origin_total ? format_duration(*metadata.origin_total) : "-");
    row.push_back(is_dated(head) ? format_time(head.created) : "-");
  }

  // The columns in which entries of one model differ: session, hash, sample and endpoint.
  void add_parts(std::vector<std::string>& row, const ListedEntry& entry) const {
    const lc::KeyOptions& options = context_.key_options();
    const auto parts = lc::EntryName::parse(entry.name, options.scheme);
    row.push_back(text_or_dash(parts ? std::string(session_of(*parts, options)) : ""));
    row.push_back(parts ? std::string(parts->hash) : "-");
    row.push_back(parts && parts->sample > 0 ? std::to_string(parts->sample) : "-");
    row.push_back(text_or_dash(entry.head ? entry.head->metadata.endpoint : ""));
  }

  Context& context_;
  bool all_;
  Table table_;
  lc::UnixTime now_ = lc::system_now();
};

}  // namespace

std::unique_ptr<Lister> list_names(Context& context) {
  return std::make_unique<Names>(context.out());
}

std::unique_ptr<Lister> list_json(Context& context, std::vector<std::string> fields) {
  for (const std::string& field : fields) {
    if (std::ranges::find(kFields, field) != kFields.end()) continue;
    usage_error(
        fmt::format("--fields: there is no member '{}'; there are {}", shortened(field), fmt::join(kFields, ", ")));
  }
  return std::make_unique<JsonLines>(context, std::move(fields));
}

std::unique_ptr<Lister> list_columns(Context& context, bool all_columns) {
  return std::make_unique<Columns>(context, all_columns);
}

std::string asked_in(Context& context, const std::string& name) {
  const auto found = context.cache().read_named(name, context.long_deadline());
  if (!found || !*found) return {};
  const auto request = found->entry->request();
  return request && *request ? lc::last_user_text(**request) : std::string();
}

}  // namespace llmcache
