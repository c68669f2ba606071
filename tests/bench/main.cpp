// libcache-bench, for scripts/bench: measures operations of the library within one process, and creates the data for that.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "bench/cases.h"
#include "bench/requests.h"
#include "bench/sampling.h"

namespace bench {
namespace {

struct Options {
  std::string store;
  std::string a, b;
  int rounds = 150;
  unsigned seed = 1;
  unsigned threads = 1;
  std::size_t count = 0;
};

Operation prepare(const std::string& name, const Options& options, Stored& stored) {
  auto cases = key_cases();
  std::ranges::move(hit_cases(), std::back_inserter(cases));
  const auto found = std::ranges::find(cases, name, &Case::name);
  if (found == cases.end()) throw CLI::ValidationError("there is no case " + name);
  if (options.threads == 1) return found->prepare(stored);
  std::vector<Operation> operations;
  for (unsigned i = 0; i < options.threads; ++i) operations.push_back(found->prepare(stored));
  return side_by_side(std::move(operations));
}

void print_comparison(const Options& options) {
  Stored stored(options.store);
  const auto a = prepare(options.a, options, stored), b = prepare(options.b, options, stored);
  const auto samples = compare(a, b, options.rounds, options.seed);
  std::cout << nlohmann::json{{"a", samples[0]}, {"b", samples[1]}, {"again", samples[2]}} << '\n';
}

void add_commands(CLI::App& app, Options& options) {
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--store", options.store, "Where the entries are that hits are measured on; `fill` stores them");
  app.add_option("--pairs", options.rounds, "How many samples to take")->capture_default_str();
  app.add_option("--threads", options.threads, "Threads that do A or B at the same time")->capture_default_str();
  app.add_option("--seed", options.seed, "Of the order of the samples")->capture_default_str();

  auto* compare = app.add_subcommand("compare", "Prints samples of A, of B and of A again, in nanoseconds");
  compare->add_option("A", options.a)->required();
  compare->add_option("B", options.b)->required();
  compare->callback([&] { print_comparison(options); });
  auto* queue = app.add_subcommand("put-later", "Prints samples of handing over a put, in nanoseconds");
  queue->callback([&] { std::cout << nlohmann::json(sample_put_later(options.rounds)) << '\n'; });
  auto* repeat = app.add_subcommand("repeat", "Runs A as often as said, for a profiler");
  repeat->add_option("A", options.a)->required();
  repeat->add_option("COUNT", options.count)->required();
  repeat->callback([&] {
    Stored stored(options.store);
    time_each(prepare(options.a, options, stored), options.count);
  });

  auto* fill = app.add_subcommand("fill", "Stores answers, and a stream");
  fill->add_option("ENTRIES", options.count)->required()->check(CLI::Range(kSamples, 10'000'000U));
  fill->callback([&] { Stored(options.store).fill(static_cast<unsigned>(options.count)); });
  auto* request = app.add_subcommand("request", "Prints a request of SIZE bytes; of 2048: one whose answer is stored");
  request->add_option("SIZE", options.count)->required();
  request->callback([&] { std::cout << chat_request(options.count); });
  auto* answer = app.add_subcommand("answer", "Prints an answer of SIZE bytes");
  answer->add_option("SIZE", options.count)->required();
  answer->callback([&] { std::cout << chat_answer(options.count); });
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Measures operations of libcache.");
  bench::Options options;
  bench::add_commands(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const tl::bad_expected_access<libcache::Error>& error) {
    std::cerr << "libcache-bench: " << error.error().message << '\n';
    return 1;
  }
}
