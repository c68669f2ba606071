// The first version of the AI SDK's stream protocol: each line is a character for its kind, a colon and JSON.
#include "answer/framing/framer.h"
#include "text/json/prefix.h"
#include "text/trim.h"

namespace libcache::internal {

namespace {

class PrefixedLineFramer final : public Framer {
 public:
  std::optional<std::size_t> next(std::string_view rest, bool) override {
    if (is_broken_) return std::nullopt;
    const std::size_t end = rest.find('\n', searched_);
    searched_ = end == std::string_view::npos ? rest.size() : 0;
    return end == std::string_view::npos ? std::nullopt : std::optional(end + 1);
  }

  void read(std::string_view chunk, const AnswerEventHandler& handle) override {
    const std::string_view line = trimmed(chunk);
    if (line.empty()) return;
    if (!has_prefix(line) || !document_.parse(line.substr(2), JsonRules::lenient)) {
      is_broken_ = true;
      return;
    }
    handle({.form = EventForm::line,
            .name = line.substr(0, 1),
            .data = line.substr(2),
            .json = JsonValue(document_),
            .is_json = true});
  }

  void read_rest(std::string_view rest, const AnswerEventHandler& handle) override {
    const std::string_view line = trimmed(rest);
    if (is_broken_ || line.empty()) return;
    const std::string_view json = has_prefix(line) ? line.substr(2) : std::string_view();
    if (document_.parse(json, JsonRules::lenient)) return read(rest, handle);
    const bool is_cut = line.size() <= 2 || is_json_cut_short(json) || json.starts_with('"');
    if (!is_cut) is_broken_ = true;
    if (is_cut) handle({.form = EventForm::line, .name = line.substr(0, 1), .data = json, .is_whole = false});
  }

  bool fits() const override { return !is_broken_; }

 private:
  static bool has_prefix(std::string_view line) { return line.size() > 1 && line[1] == ':'; }

  std::size_t searched_ = 0;  // for the end of the line
  bool is_broken_ = false;
  JsonDocument document_;
};

}  // namespace

std::unique_ptr<Framer> make_prefixed_line_framer() {
  return std::make_unique<PrefixedLineFramer>();
}

}  // namespace libcache::internal
