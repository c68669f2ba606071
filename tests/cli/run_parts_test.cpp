// The parts of `run --lines`.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "run/in_order.h"
#include "run/line_input.h"
#include "run/line_result.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace llmcache;

namespace {

std::vector<std::string> lines_of(const std::string& content) {
  const support::TemporaryDirectory folder;
  const std::string path = folder.path() / "lines";
  libcache::test::write_file(path, content);
  LineInput input(path);
  const PollableFlag stop;
  const auto count = input.count();
  std::vector<std::string> lines;
  while (const auto line = input.next(stop)) lines.push_back(*line);
  CHECK(count == lines.size());
  return lines;
}

LineResult answered(const std::string& answer) {
  return {.number = 1, .key = "k", .answer = answer};
}

}  // namespace

TEST_CASE("an input is split at line feeds, and its last line needs none") {
  CHECK(lines_of("").empty());
  CHECK(lines_of("a\n\nb\r\n") == std::vector<std::string>{"a", "", "b\r"});
  CHECK(lines_of("a\nb") == std::vector<std::string>{"a", "b"});
  const std::string large(200'000, 'x');
  CHECK(lines_of(large + "\n" + large) == std::vector<std::string>{large, large});
}

TEST_CASE("no line is returned once reading was stopped") {
  const support::TemporaryDirectory folder;
  libcache::test::write_file(folder.path() / "lines", "a\nb\n");
  LineInput input(folder.path() / "lines");
  PollableFlag stop;
  CHECK(input.next(stop) == "a");
  stop.set();
  CHECK_FALSE(input.next(stop));
}

TEST_CASE("results are delivered in order, and those that are missing are left out") {
  std::vector<int> delivered;
  InOrder<int> results(100, [&](int result) { delivered.push_back(result); });
  results.finish(3, 30);
  results.finish(2, std::nullopt);
  CHECK(delivered.empty());
  results.finish(1, 10);
  CHECK(delivered == std::vector{10, 30});
}

TEST_CASE("a result waits for room until enough of those before it are delivered") {
  InOrder<int> results(2, [](int) {});
  results.wait_for_room(2);
  std::thread waiting([&] { results.wait_for_room(3); });
  results.finish(2, 2);
  results.finish(1, 1);
  waiting.join();
}

TEST_CASE("after a failure to deliver nothing more is delivered, and nobody waits for room") {
  int calls = 0;
  InOrder<int> results(1, [&](int) {
    ++calls;
    throw std::runtime_error("full");
  });
  std::thread waiting([&] { results.wait_for_room(5); });
  CHECK_THROWS(results.finish(1, 1));
  waiting.join();
  results.finish(2, 2);
  CHECK(calls == 1);
}

TEST_CASE("an answer that is JSON keeps the spelling of its numbers and strings") {
  CHECK(to_json_line(answered("{ \"a b\" :\n [ 1.0, 1E+2, \"\\\" \\u00e9 \\\\\" ] }\n")) ==
        R"({"schema":"llmcache.line/1","line":1,"key":"k","outcome":"hit","exit":0,)"
        R"("answer":{"a b":[1.0,1E+2,"\" \u00e9 \\"]}})");
}

TEST_CASE("an answer that is not quite JSON is a string") {
  using namespace std::string_literals;
  for (const std::string& text : {"{}\0"s, "\xef\xbb\xbf{}"s, "{} {}"s, "\"\xff\""s, ""s, "data: {}\n\n"s}) {
    const auto line = nlohmann::json::parse(to_json_line(answered(text)));
    INFO(line.dump());
    CHECK(line["answer"].is_string());
    CHECK(line["answer"].get<std::string>().size() >= text.size());
  }
}

TEST_CASE("a result is one line on which no character controls a terminal") {
  const std::string line = to_json_line(answered("\"\x7f\xe2\x80\xae\""));
  CHECK(line.ends_with(R"("answer":"\u007f\u202e"})"));
  CHECK(to_json_line(answered("a\r\nb")).ends_with(R"("answer":"a\r\nb"})"));
}
