// The local provider as a program: prints its port to stdout and serves until stdin is closed.
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <string>

#include "support/provider.h"

namespace {

// Returns when stdin is closed or the time is over.
void wait_for_end(std::chrono::steady_clock::time_point end) {
  using namespace std::chrono;
  pollfd input{STDIN_FILENO, POLLIN, 0};
  char ignored[256];
  for (auto left = end - steady_clock::now(); left > 0s; left = end - steady_clock::now()) {
    const int ready = poll(&input, 1, static_cast<int>(ceil<milliseconds>(left).count()));
    if (ready > 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A stand-in for LLM providers on a free loopback port, which it prints. Ends when stdin closes.");
  support::Provider::Options options;
  int lifetime = 600;
  app.add_option("--serve", options.files, "Folder whose files are served under /files")->check(CLI::ExistingDirectory);
  app.add_option("--lifetime", lifetime, "Seconds until it exits")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(lifetime);
  const support::Provider provider(options);
  std::cout << provider.port() << std::endl;
  wait_for_end(end);
}
