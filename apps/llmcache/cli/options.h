// The options and arguments of a command: declared once, read by the parser, --help, the completions and the test that
// compares them with the man page.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace llmcache {

// An option or a positional argument, and the variable that receives its value (none for a global option, which is a
// setting).
struct Option {
  // Literals, which outlive the option: every start of the program declares about sixty of them, and copying texts takes time.
  std::string_view names;        // "-n,--dry-run"; a positional argument has a name without dashes
  std::string_view placeholder;  // the name of an option's value in help texts; empty: the option is a switch
  std::string_view help;
  std::variant<std::monostate, bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*> target = {};
  bool required = false;
  bool may_be_empty = false;              // an empty value is meaningful rather than an error
  bool after_dashes = false;              // takes all arguments after --, and only those
  std::vector<std::string> choices = {};  // its values, if they are few: for the completions

  bool is_repeatable() const { return std::holds_alternative<std::vector<std::string>*>(target); }

  bool is_positional() const { return names.front() != '-'; }
  bool is_switch() const { return !is_positional() && placeholder.empty(); }
  std::vector<std::string> flags() const;  // "-n", "--dry-run"
  bool has_flag(std::string_view flag) const;
  // Stores a value (ignored by a switch, which becomes true) in the target.
  void assign(const std::string& value) const;
};

// The targets must outlive the parsing.
class Options {
 public:
  void flag(std::string_view names, bool& target, std::string_view help) { all_.push_back({names, "", help, &target}); }
  template <class Target>
  Option& value(std::string_view names, std::string_view placeholder, Target& target, std::string_view help) {
    return all_.emplace_back(Option{names, placeholder, help, &target});
  }
  template <class Target>
  Option& positional(std::string_view name, Target& target, std::string_view help, bool required = false) {
    return all_.emplace_back(Option{name, "", help, &target, required});
  }
  // The program that the command starts, with its arguments: everything after --, unchanged.
  void command(std::string_view name, std::vector<std::string>& target, std::string_view help) {
    positional(name, target, help).after_dashes = true;
  }
  const std::vector<Option>& all() const { return all_; }

 private:
  std::vector<Option> all_;
};

// Throws a Failure (usage) if more than one of these was given.
void at_most_one(const std::vector<std::pair<const char*, bool>>& given);

}  // namespace llmcache
