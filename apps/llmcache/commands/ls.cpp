#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "commands/all.h"
#include "ui/describe.h"
#include "ui/json_line.h"
#include "ui/table.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;

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

class Ls : public Command {
 public:
  CommandHelp help() const override {
    return {"[PREFIX]",
            R"(Lists the entries whose names start with PREFIX: name, kind, model, size, age
and time left. On a terminal the columns are aligned; elsewhere they are
separated by tabs.)",
            "store session prefix json",
            R"(  llmcache ls --long
  llmcache ls --session team --json)"};
  }

  void declare(Options& options) override {
    options.positional("PREFIX", prefix_, "lists names that start with this, literally (default: the prefix option)")
        .may_be_empty = true;
    options.flag("-0,--null", null_, "prints only the names, each ended by a NUL byte");
    options.flag(
        "-l,--long", long_,
        "prints more columns: finish reason, tokens, time of the origin, creation, session, hash, sample, endpoint");
  }

  Exit run(Context& context) override {
    context.only_reads();
    auto found = read_listings(context);
    std::ranges::sort(found, {}, &lc::ScanRow::name);
    if (null_) {
      for (const lc::ScanRow& listing : found) context.out().print(listing.name + '\0');
    } else if (context.settings().json) {
      for (const lc::ScanRow& listing : found) print_json(context, listing);
    } else {
      print_table(context, found);
    }
    return Exit::success;
  }

 private:
  std::vector<lc::ScanRow> read_listings(Context& context) const {
    std::vector<lc::ScanRow> found;
    const lc::KeyOptions options = context.key_options();
    const bool session_only = context.is_set("session");
    const bool by_endpoint = context.is_flag("endpoint");
    const auto visit = [&](const lc::ScanRow& listing) -> lc::Result<bool> {
      if (session_only && !lc::is_of_session(listing.name, options)) return true;
      if (by_endpoint && !is_at(context, listing)) return true;
      found.push_back(listing);
      return true;
    };
    const std::size_t head_bytes = null_ && !by_endpoint ? 0 : context.cache().head_bytes();
    checked(context.cache().store().scan(prefix_.value_or(context.key_options().prefix), head_bytes, visit,
                                         context.long_deadline()));
    return found;
  }

  // Whether the endpoint of an entry matches the glob of --endpoint.
  static bool is_at(Context& context, const lc::ScanRow& listing) {
    const auto head = context.cache().head(listing);
    return head && ::fnmatch(context.settings().endpoint.c_str(), head->metadata.endpoint.c_str(), 0) == 0;
  }

  void print_json(Context& context, const lc::ScanRow& listing) const {
    Json::Members row = describe_name(listing.name, context.key_options());
    row.emplace_back("stored_bytes", listing.size);
    if (const auto head = context.cache().head(listing)) {
      std::ranges::move(describe(*head, now_), std::back_inserter(row));
    } else {
      row.emplace_back("kind", "unknown");
    }
    context.out().line(json_line("entry", row));
  }

  void print_table(Context& context, const std::vector<lc::ScanRow>& found) const {
    std::vector<std::string> headings{"NAME", "KIND", "MODEL", "SIZE", "AGE", "TTL LEFT"};
    if (long_) {
      headings.insert(headings.end(), {"FINISH", "PROMPT", "COMPLETION", "ORIGIN", "CREATED"});
      headings.insert(headings.end(), {"SESSION", "HASH", "SAMPLE", "ENDPOINT"});
    }
    Table table(headings);
    for (const lc::ScanRow& listing : found) {
      const auto head = context.cache().head(listing);
      auto row = row_of(context, listing, head);
      if (long_) add_parts(context, row, listing.name, head ? head->metadata.endpoint : "");
      table.add(std::move(row));
    }
    table.print(context.out());
  }

  // The columns in which entries of one model differ: session, hash, sample and endpoint.
  static void add_parts(const Context& context, std::vector<std::string>& row, const std::string& name,
                        const std::string& endpoint) {
    const lc::KeyOptions options = context.key_options();
    const auto parts = lc::EntryName::parse(name, options.scheme);
    row.push_back(text_or_dash(parts ? std::string(session_of(*parts, options)) : ""));
    row.push_back(parts ? std::string(parts->hash) : "-");
    row.push_back(parts && parts->sample > 0 ? std::to_string(parts->sample) : "-");
    row.push_back(text_or_dash(endpoint));
  }

  std::vector<std::string> row_of(Context& context, const lc::ScanRow& listing,
                                  const lc::Result<lc::EntryHead>& head) const {
    const std::string name = context.out().name(listing.name);
    if (!head) {
      std::vector<std::string> row{name, "unknown", "-", format_size(listing.size), "-", "-"};
      if (long_) row.insert(row.end(), 5, "-");
      return row;
    }
    const lc::Metadata& metadata = head->metadata;
    std::vector<std::string> row{name,
                                 std::string(lc::to_string(head->kind)),
                                 text_or_dash(metadata.model),
                                 format_size(listing.size),
                                 age(*head, now_),
                                 time_left(*head, now_)};
    if (long_) {
      row.push_back(text_or_dash(outcome(metadata)));
      row.push_back(count_or_dash(metadata.prompt_tokens));
      row.push_back(count_or_dash(metadata.completion_tokens));
      row.push_back(metadata.origin_total ? format_duration(*metadata.origin_total) : "-");
      row.push_back(is_dated(*head) ? format_time(head->created) : "-");
    }
    return row;
  }

  std::optional<std::string> prefix_;
  bool null_ = false;
  bool long_ = false;
  lc::UnixTime now_ = lc::system_now();
};

}  // namespace

std::unique_ptr<Command> make_ls() {
  return std::make_unique<Ls>();
}

}  // namespace llmcache
