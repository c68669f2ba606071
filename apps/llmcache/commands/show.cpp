#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "cli/endpoint.h"
#include "cli/naming.h"
#include "commands/all.h"
#include "ui/describe.h"
#include "ui/json_line.h"

namespace llmcache {

namespace {

namespace lc = libcache;

class Show : public Command {
 public:
  CommandHelp help() const override {
    return {"[--request | --response | --stream | --raw] ENTRY | --key KEY",
            R"(Shows the metadata and the content of an entry, safe to print on a terminal.)", "store json strict",
            R"(  llmcache show $(llmcache hash request.json)
  llmcache show --request llmcache:default_0123456789abcdef0123456789abcdef)"};
  }

  void declare(Options& options) override {
    options.positional("ENTRY", argument_, kEntryHelp);
    options.value("--key", "KEY", key_, "takes KEY as a name or hash, even if there is a file of that name");
    options.flag("--request", request_, "prints only the canonical request");
    options.flag("--response", response_, "prints only the response");
    options.flag("--stream", stream_, "prints only the stream");
    options.flag("--raw", raw_, "prints the bytes of the entry as they are stored");
  }

  Exit run(Context& context) override {
    context.only_reads();
    at_most_one({{"--request", request_}, {"--response", response_}, {"--stream", stream_}, {"--raw", raw_}});
    at_most_one({{"ENTRY", argument_.has_value()}, {"--key", key_.has_value()}});
    if (!argument_ && !key_) usage_error("show needs an ENTRY");
    const std::string key =
        name_of_entry(context, key_ ? *key_ : *argument_, key_ ? Naming::name : Naming::either, kind());
    if (raw_) return show_raw(context, key);
    bool any = false;
    bool found_damage = false;
    for (const auto kind : {lc::EntryKind::response, lc::EntryKind::stream}) {
      const std::string name = context.cache().entry_name(key, kind);
      if (kind == lc::EntryKind::response && name != key) continue;
      if (request_ && any) break;
      const lc::Lookup found = context.settle(context.cache().read_named(name, context.deadline()));
      if (is_damaged(found)) {
        found_damage = true;
        context.warn_of_damage(fmt::format("{}: {}", name, found.reason));
      }
      if (!found) continue;
      const bool is_stream = found.entry->kind() == lc::EntryKind::stream;
      if ((stream_ && !is_stream) || (response_ && is_stream)) continue;
      any = true;
      show(context, name, *found.entry);
    }
    if (any) return Exit::success;
    if (!found_damage) report_absent(context, key);
    return Exit::no;
  }

 private:
  std::optional<lc::EntryKind> kind() const {
    if (response_) return lc::EntryKind::response;
    return stream_ ? std::optional(lc::EntryKind::stream) : std::nullopt;
  }

  static Exit show_raw(Context& context, const std::string& name) {
    const auto value = checked(context.cache().store().get(name, context.deadline()));
    if (!value) {
      report_absent(context, name);
      return Exit::no;
    }
    context.out().print(*value);
    return Exit::success;
  }

  void show(Context& context, const std::string& name, const lc::Entry& entry) const {
    if (request_) {
      const auto request = checked(entry.request());
      if (!request) throw Failure(Exit::no, "the entry was stored without its request");
      context.out().print(*request);
      if (context.out().is_terminal()) context.out().write("\n");
      return;
    }
    if (context.settings().json || (!response_ && !stream_)) {
      Json::Members about = describe_name(name, context.key_options());
      if (context.scheme().is_one_value) about.emplace_back("stored_bytes", entry.stored_size());
      std::ranges::move(describe(head_of(entry), lc::system_now()), std::back_inserter(about));
      if (context.settings().json) {
        add_content(about, entry);
        return context.out().line(json_line("entry", about));
      }
      context.out().line(json_lines(about));
    }
    checked(entry.read([&](const lc::Chunk& chunk) -> lc::Status {
      context.out().print(chunk.bytes);
      return {};
    }));
    if (context.out().is_terminal()) context.out().write("\n");
  }

  // The request, if it was kept, and the answer: a response as one value, a stream as a list of chunks.
  static void add_content(Json::Members& about, const lc::Entry& entry) {
    if (const auto request = checked(entry.request())) about.emplace_back("request", Json::raw(*request));
    if (entry.kind() == lc::EntryKind::response) {
      about.emplace_back("answer", Json::value_or_text(checked(entry.body())));
      return;
    }
    std::vector<Json> chunks;
    checked(entry.read([&](const lc::Chunk& chunk) -> lc::Status {
      chunks.push_back(Json::object({{"at_ms", chunk.at.count()}, {"text", chunk.bytes}}));
      return {};
    }));
    about.emplace_back("chunks", Json::array(chunks));
  }

  std::optional<std::string> argument_;
  std::optional<std::string> key_;
  bool request_ = false;
  bool response_ = false;
  bool stream_ = false;
  bool raw_ = false;
};

}  // namespace

std::unique_ptr<Command> make_show() {
  return std::make_unique<Show>();
}

}  // namespace llmcache
