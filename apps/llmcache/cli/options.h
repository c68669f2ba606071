// What a command can be told: declared once, read by the parser, --help, completions and the test on the man page.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace llmcache {

// An option or a positional argument, and the variable that takes its value.
struct Option {
  std::string names;        // "-n,--dry-run"; a positional has a name without dashes
  std::string placeholder;  // what an option's value is called; empty: it takes none
  std::string help;
  std::variant<bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*> target;
  bool required = false;

  bool is_positional() const { return names.front() != '-'; }
  std::vector<std::string> flags() const;  // "-n", "--dry-run"
};

// The targets must outlive the parsing.
class Options {
 public:
  void flag(std::string names, bool& target, std::string help) {
    all_.push_back({std::move(names), "", std::move(help), &target});
  }
  template <class Target>
  void value(std::string names, std::string placeholder, Target& target, std::string help) {
    all_.push_back({std::move(names), std::move(placeholder), std::move(help), &target});
  }
  template <class Target>
  void positional(std::string name, Target& target, std::string help, bool required = false) {
    all_.push_back({std::move(name), "", std::move(help), &target, required});
  }
  const std::vector<Option>& all() const { return all_; }

 private:
  std::vector<Option> all_;
};

// Throws a Failure (usage) if more than one of these was given.
void at_most_one(const std::vector<std::pair<const char*, bool>>& given);

}  // namespace llmcache
