#include "monitor/junit.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "failure.h"

namespace llmcache::serve {

namespace {

// Text for an XML attribute or element. Characters that XML 1.0 cannot hold are left out.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    switch (character) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(character) >= 0x20 || character == '\n' || character == '\t')
          result += character;
    }
  }
  return result;
}

}  // namespace

void write_junit(const std::string& path, const std::vector<Missed>& missed) {
  std::ofstream file(path);
  file << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
       << fmt::format("<testsuite name=\"llmcache serve\" tests=\"{0}\" failures=\"{0}\">\n", missed.size());
  for (const Missed& miss : missed) {
    file << fmt::format(
        "  <testcase classname=\"llmcache\" name=\"{}{}{}\">\n    <failure message=\"no recorded answer\">{}"
        "</failure>\n  </testcase>\n",
        escaped(miss.endpoint), miss.key.empty() ? "" : " ", escaped(miss.key), escaped(miss.message));
  }
  file << "</testsuite>\n";
  file.flush();
  if (!file) throw Failure(Exit::refused, fmt::format("--junit {}: {}", path, std::strerror(errno)));
}

}  // namespace llmcache::serve
