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

enum class Form { raw, text };

Form parse_form(const std::string& text) {
  if (text == "raw") return Form::raw;
  if (text == "text") return Form::text;
  usage_error(fmt::format("'{}' is not a form: write raw or text", text));
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
    options.value("--as", "FORM", form_, "raw (default) or text: only the answer's text");
  }

  Exit run(Context& context) override {
    const std::optional<double> pace = parse_pace(pace_);
    const Form form = parse_form(form_);
    const lc::Lookup found = request_.find(context, lc::EntryKind::stream);
    if (!found) return Exit::no;
    const auto start = Steady::now();
    lc::TextExtractor text;
    checked(found.entry->read([&](const lc::Chunk& chunk) -> lc::Status {
      if (pace) std::this_thread::sleep_until(start + std::chrono::duration<double, std::milli>(chunk.at) / *pace);
      context.out().write(form == Form::text ? text.feed(chunk.bytes) : chunk.bytes);
      context.out().flush();
      return {};
    }));
    if (form == Form::text) context.out().write("\n");
    return Exit::success;
  }

 private:
  RequestArgument request_;
  std::string pace_ = "none";
  std::string form_ = "raw";
};

}  // namespace

std::unique_ptr<Command> make_replay() {
  return std::make_unique<Replay>();
}

}  // namespace llmcache
