// The local provider as a program: prints its port, which is free and on loopback, and serves until stdin is closed.
//   provider [--serve FOLDER] [--lifetime SECONDS]    FOLDER: its files are served under /files
#include <getopt.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
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
  support::Provider::Options options;
  int lifetime = 600;
  constexpr option kOptions[] = {
      {"serve", required_argument, nullptr, 's'}, {"lifetime", required_argument, nullptr, 'l'}, {}};
  const auto usage = [] {
    std::cerr << "usage: provider [--serve FOLDER] [--lifetime SECONDS]\n";
    return EXIT_FAILURE;
  };
  for (int name = 0; (name = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (name == '?') return usage();
    if (name == 's') options.files = optarg;
    char* end = nullptr;
    if (name == 'l') lifetime = static_cast<int>(std::strtol(optarg, &end, 10));
    if (end && *end != '\0') return usage();
  }
  if (optind < argc) return usage();
  if (!options.files.empty() && !std::filesystem::is_directory(options.files)) return usage();

  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(lifetime);
  const support::Provider provider(options);
  std::cout << provider.port() << std::endl;
  wait_for_end(end);
}
