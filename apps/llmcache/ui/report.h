// Messages on stderr: warnings, notes and the one line that ends a failed call.
#pragma once

#include <string>
#include <string_view>

#include "failure.h"
#include "ui/color.h"

namespace llmcache {

class Report {
 public:
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool color = false;
  std::string about = {};  // what the warnings and notes are about, such as "line 3"

  // A problem that does not end the call.
  void warn(std::string_view message) const;
  // An action of the cache; shown with -v.
  void note(std::string_view message) const;
  // A plain line for people; not shown with -q.
  void say(std::string_view message) const;
  void error(Exit exit, std::string_view message) const;

 private:
  std::string placed(std::string_view message) const;
  std::string in(Style style, std::string_view text) const;
};

}  // namespace llmcache
