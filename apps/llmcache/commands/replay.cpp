#include <fmt/format.h>

#include <thread>

#include "cli/request_argument.h"
#include "commands/all.h"
#include "config/values.h"

namespace llmcache {

namespace {

namespace lc = libcache;
using Steady = std::chrono::steady_clock;

enum class Form { raw, sse, ndjson, text };

constexpr Choice<Form> kForms[] = {
    {"raw", Form::raw}, {"sse", Form::sse}, {"ndjson", Form::ndjson}, {"text", Form::text}};

class Replay : public Command {
 public:
  CommandHelp help() const override {
    return {"[REQUEST | --key KEY | --request FILE]",
            R"(Prints the stored stream byte for byte, each chunk as soon as it is due.
On a miss, prints nothing and exits with 1.)",
            "store session endpoint ignore sample strict",
            R"(  llmcache replay --pace recorded request.json
  llmcache replay --as text request.json)"};
  }

  void declare(Options& options) override {
    request_.declare(options);
    options.value("--pace", "PACE", pace_, "none (default), recorded, or xN: N times as fast as recorded");
    options.value("--as", "FORM", form_, "raw (default), sse, ndjson, or text: only the answer's text").choices =
        names_of(kForms);
    options.flag("--why", why_, "on a miss, names the nearest stored request and where it differs");
    options.flag("--allow-partial", allow_partial_, "bifrost: prints what there is of an incomplete stream; exit 6");
    options.flag("--annotate", annotate_, "bifrost: adds what the gateway's plugin adds on a hit");
  }

  Exit run(Context& context) override {
    context.only_looks_up();
    context.takes_accepted();
    const std::optional<double> pace = parse_pace(pace_);
    const Form form = parse_choice(form_, kForms);
    if (annotate_) require_bifrost(context, "--annotate");
    const lc::Lookup found = request_.find(context, lc::EntryKind::stream);
    if (found) {
      print(context, *found.entry, form, pace);
      return Exit::success;
    }
    if (why_) request_.explain(context, found, lc::EntryKind::stream);
    if (!allow_partial_ || !found.partial) return Exit::no;
    print(context, *found.partial, form, pace);
    context.out().flush();
    throw Failure(Exit::damaged, "the stream is incomplete: " + found.reason);
  }

 private:
  void print(Context& context, const lc::Entry& entry, Form form, std::optional<double> pace) const {
    if (form == Form::raw && !context.scheme().keeps_framing) form = Form::ndjson;
    if (form == Form::text) {
      print_text(context, entry, pace);
    } else if (form == Form::raw) {
      play(context, entry, pace, [](std::string_view chunk) { return chunk; });
    } else {
      lc::StreamConverter converter(form == Form::sse ? lc::Framing::sse : lc::Framing::ndjson);
      play(context, entry, pace, [&](std::string_view chunk) { return converter.feed(chunk); });
      context.out().write(converter.finish());
    }
  }

  void print_text(Context& context, const lc::Entry& entry, std::optional<double> pace) const {
    lc::TextExtractor text;
    bool has_text = false;
    const auto note = [&](std::string part) {
      has_text = has_text || !part.empty();
      return part;
    };
    play(context, entry, pace, [&](std::string_view chunk) { return note(text.feed(chunk)); });
    context.out().write(note(text.finish()));
    if (!has_text) throw Failure(Exit::bad_input, "the answer has no text");
    context.out().write("\n");
  }

  // Each chunk is written separately, for readers of a pipe or terminal; into a file, chunks are buffered.
  template <class Convert>
  void play(Context& context, const lc::Entry& entry, std::optional<double> pace, const Convert& convert) const {
    const auto start = Steady::now();
    const bool flushes = pace || context.out().has_reader();
    lc::Replay replay(entry);
    while (const auto chunk = checked(replay.next())) {
      if (pace) std::this_thread::sleep_until(start + std::chrono::duration<double, std::milli>(chunk->at) / *pace);
      context.out().write(annotate_ ? convert(annotated(chunk->bytes)) : convert(chunk->bytes));
      if (flushes) context.out().flush();
    }
  }

  // An event of a gateway's stream, as the plugin would serve it.
  std::string annotated(std::string_view event) const {
    const auto payload = lc::data_of(event);
    if (!payload || *payload == "[DONE]") return std::string(event);
    return fmt::format("data: {}\n\n", request_.annotated(*payload));
  }

  RequestArgument request_;
  bool why_ = false;
  bool allow_partial_ = false;
  bool annotate_ = false;
  std::string pace_ = "none";
  std::string form_ = "raw";
};

}  // namespace

std::unique_ptr<Command> make_replay() {
  return std::make_unique<Replay>();
}

}  // namespace llmcache
