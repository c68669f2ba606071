#include <fmt/format.h>

#include <charconv>
#include <thread>

#include "commands/commands.h"
#include "request_argument.h"
#include "values.h"

namespace llmcache {

namespace {

namespace lc = libcache;
using Steady = std::chrono::steady_clock;

enum class Form { raw, sse, ndjson, text };

Form parse_form(const std::string& text) {
  if (text == "raw") return Form::raw;
  if (text == "sse") return Form::sse;
  if (text == "ndjson") return Form::ndjson;
  if (text == "text") return Form::text;
  usage_error(fmt::format("'{}' is not a form: write raw, sse, ndjson or text", text));
}

// How much faster than recorded to replay; nothing: as fast as it goes.
std::optional<double> parse_pace(const std::string& text) {
  if (text == "none") return std::nullopt;
  if (text == "recorded") return 1.0;
  double factor = 0;
  if (text.starts_with('x')) {
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), factor);
    if (error == std::errc() && end == text.data() + text.size() && factor > 0) return factor;
  }
  usage_error(fmt::format("'{}' is not a pace: write none, recorded, or x2 for twice as fast", text));
}

class Replay : public Command {
 public:
  void declare(Options& options) override {
    request_.declare(options);
    options.value("--pace", "PACE", pace_, "none (default), recorded, or xN: N times as fast as recorded");
    options.value("--as", "FORM", form_, "raw (default), sse, ndjson, or text: only the answer's text");
  }

  Exit run(Context& context) override {
    const std::optional<double> pace = parse_pace(pace_);
    const Form form = parse_form(form_);
    const lc::Lookup found = request_.find(context, lc::EntryKind::stream);
    if (!found) return Exit::no;
    if (form == Form::text) {
      lc::TextExtractor text;
      play(context, *found.entry, pace, [&](std::string_view chunk) { return text.feed(chunk); });
      context.out().write("\n");
    } else if (form == Form::raw) {
      play(context, *found.entry, pace, [](std::string_view chunk) { return chunk; });
    } else {
      lc::StreamConverter converter(form == Form::sse ? lc::Framing::sse : lc::Framing::ndjson);
      play(context, *found.entry, pace, [&](std::string_view chunk) { return converter.feed(chunk); });
      context.out().write(converter.finish());
    }
    return Exit::success;
  }

 private:
  // Nothing waits: the first chunk leaves at once, and so does each that another is not yet due behind. Without a pace
  // all are due, and leave by the buffer full.
  template <class Convert>
  static void play(Context& context, const lc::Entry& entry, std::optional<double> pace, const Convert& convert) {
    const auto start = Steady::now();
    bool first = true;
    lc::Replay replay(entry);
    while (const auto chunk = checked(replay.next())) {
      if (pace) std::this_thread::sleep_until(start + std::chrono::duration<double, std::milli>(chunk->at) / *pace);
      context.out().write(convert(chunk->bytes));
      if (pace || first) context.out().flush();
      first = false;
    }
  }

  RequestArgument request_;
  std::string pace_ = "none";
  std::string form_ = "raw";
};

}  // namespace

std::unique_ptr<Command> make_replay() {
  return std::make_unique<Replay>();
}

}  // namespace llmcache
