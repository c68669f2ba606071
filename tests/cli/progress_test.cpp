#include "ui/progress.h"

#include <catch2/catch_test_macros.hpp>

using llmcache::Advance;
using llmcache::progress_bar;
using llmcache::progress_json;
using namespace std::chrono_literals;

TEST_CASE("a progress bar shows the count, the rate and the time left") {
  CHECK(progress_bar({45'000, 100'000, 2s}) == "[=========>          ] 45000 of 100000, 22500/s, 3s left");
  CHECK(progress_bar({1000, 1000, 500ms}) == "[====================] 1000 of 1000, 2000/s, 0s left");
}

TEST_CASE("before anything is done there is neither rate nor time left") {
  CHECK(progress_bar({0, 1000, 5s}) == "[>                   ] 0 of 1000");
  CHECK(progress_bar({10, 1000, 0ms}) == "[>                   ] 10 of 1000");
  CHECK(progress_json({0, 10, 1s}) == R"({"schema":"llmcache.progress/1","done":0,"total":10})");
}

TEST_CASE("a progress bar stays a bar when there is more to do than was counted, or nothing") {
  CHECK(progress_bar({1500, 1000, 1s}) == "[====================] 1500 of 1000, 1500/s, 0s left");
  CHECK(progress_bar({0, 0, 1s}) == "[>                   ] 0 of 0");
}

TEST_CASE("if it is not known how much there is to do, progress is a count and a rate") {
  CHECK(progress_bar({45'000, {}, 2s}) == "45000, 22500/s");
  CHECK(progress_bar({0, {}, 2s}) == "0");
  CHECK(progress_json({50, {}, 2s}) == R"({"schema":"llmcache.progress/1","done":50,"per_second":25})");
}

TEST_CASE("progress for programs is one object on one line") {
  CHECK(progress_json({50, 200, 2s}) ==
        R"({"schema":"llmcache.progress/1","done":50,"total":200,"per_second":25,"seconds_left":6})");
}
