// Tests of the built program, written as a person would use it in a shell.
#pragma once

#include <filesystem>
#include <string>

namespace llmcache::test {

struct Ran {
  int exit = -1;
  std::string out;
  std::string err;
};

// A shell in a fresh home directory, with llmcache on its PATH. Removed at the end with all that was made in it.
class TerminalSession {
 public:
  TerminalSession();
  ~TerminalSession();
  TerminalSession(const TerminalSession&) = delete;
  TerminalSession& operator=(const TerminalSession&) = delete;

  // Runs a line of bash in the home directory; stdin is empty unless the line says otherwise.
  Ran run(const std::string& line) const;
  // Its stdout; fails the test unless it exits with 0.
  std::string out(const std::string& line) const;
  void write(const std::string& file, const std::string& content) const;
  std::string read(const std::string& file) const;
  const std::filesystem::path& home() const { return home_; }

 private:
  std::filesystem::path home_;
};

// The beginning of a line that may wait long for its server, as a loaded machine needs it.
constexpr const char* kPatient = "export LLMCACHE_CONNECT_TIMEOUT=20s LLMCACHE_TIMEOUT=20s LLMCACHE_DEADLINE=40s; ";

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The beginning of a line whose programs may use so many KiB of address space. No limit under sanitizers, which reserve
// terabytes.
std::string limit_memory(int kibibytes);

}  // namespace llmcache::test
