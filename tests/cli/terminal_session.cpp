#include "cli/terminal_session.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "support/files.h"
#include "support/paths.h"
#include "support/sanitizers.h"

namespace llmcache::test {

namespace fs = std::filesystem;

TerminalSession::TerminalSession() {
  std::string pattern = fs::temp_directory_path() / "llmcache-XXXXXX";
  home_ = ::mkdtemp(pattern.data());
}

TerminalSession::~TerminalSession() {
  std::error_code ignored;
  fs::remove_all(home_, ignored);
}

Ran TerminalSession::run(const std::string& line) const {
  write(".line", line);
  // faketime must be preloaded before the sanitizer, which would object.
  const std::string command = fmt::format(
      "cd {0} && env -i HOME={0} PATH={1}:{2}:$PATH LANG=C.UTF-8 ASAN_OPTIONS=verify_asan_link_order=0:$ASAN_OPTIONS "
      "bash .line 2>.err "
      "</dev/null",
      home_.string(), fs::path(LLMCACHE_PROGRAM).parent_path().string(), LLMCACHE_TEST_DATA "/support");
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Ran ran;
  char buffer[4096];
  for (std::size_t size; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) ran.out.append(buffer, size);
  const int status = ::pclose(pipe);
  ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ran.err = read(".err");
  return ran;
}

std::string TerminalSession::out(const std::string& line) const {
  const Ran ran = run(line);
  INFO(line << "\n" << ran.err);
  REQUIRE(ran.exit == 0);
  return ran.out;
}

void TerminalSession::write(const std::string& file, const std::string& content) const {
  fs::create_directories((home_ / file).parent_path());
  libcache::test::write_file(home_ / file, content);
}

std::string TerminalSession::read(const std::string& file) const {
  return libcache::test::content_of(home_ / file);
}

std::string limit_memory(int kibibytes) {
  return libcache::test::kSanitized ? "" : "ulimit -v " + std::to_string(kibibytes) + "; ";
}

}  // namespace llmcache::test
