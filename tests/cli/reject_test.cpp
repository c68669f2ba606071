// reject: an entry is removed and does not come back.
#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"

using llmcache::test::contains;
using llmcache::test::TerminalSession;

namespace {

constexpr const char* kAsk = "llmcache run --request request.json --ttl 1h ";

// A shell with a stored answer, "bad", and an export of it.
struct Answered {
  explicit Answered(const std::string& store = "sqlite:cache.db") {
    shell.write("request.json", R"({"model":"m"})");
    shell.out("echo 'export LLMCACHE_STORE=" + store + "' > setup");
    out("llmcache run --request request.json --ttl 1h -- echo bad");
    out("llmcache export > export");
  }
  std::string out(const std::string& line) const { return shell.out(". ./setup; " + line); }
  llmcache::test::Ran run(const std::string& line) const { return shell.run(". ./setup; " + line); }
  TerminalSession shell;
};

}  // namespace

TEST_CASE("a rejected entry is no longer found, listed or exported") {
  const Answered answered;
  const auto rejected = answered.run("llmcache reject request.json");
  CHECK(rejected.exit == 0);
  CHECK(rejected.out.empty());
  CHECK(rejected.err.empty());
  const auto missed = answered.run("llmcache get -v request.json");
  CHECK(missed.exit == 1);
  CHECK(missed.err == "llmcache: miss (rejected)\n");
  for (const auto* list : {"ls", "ls -0", "ls --long", "ls --json", "ls --sort name", "export"}) {
    INFO(list);
    CHECK(answered.out(std::string("llmcache ") + list).empty());
  }
  CHECK(contains(answered.out("llmcache stats"), "misses rejected\t1\n"));
}

TEST_CASE("import does not bring a rejected entry back, whatever is to be done about conflicts") {
  const Answered answered;
  answered.out("llmcache reject request.json");
  for (const auto* how : {"skip", "replace"}) {
    CHECK(contains(answered.run(std::string("llmcache import export --on-conflict ") + how).err, "imported 0 entries"));
  }
  CHECK(answered.run("llmcache import export --on-conflict fail").exit == 7);
  CHECK(answered.run("llmcache get request.json").exit == 1);
  CHECK(answered.run("faketime -f +2h llmcache get -v request.json").err == "llmcache: miss (expired 1h ago)\n");
}

TEST_CASE("run does not store the rejected answer again, but any other") {
  const Answered answered;
  answered.out("llmcache reject request.json");
  const auto same = answered.run(std::string(kAsk) + "-- echo bad");
  CHECK(same.out == "bad\n");
  CHECK(same.err == "llmcache: warning: not stored: it is the answer that was rejected\n");
  CHECK(answered.run("llmcache get request.json").exit == 1);
  answered.out(std::string(kAsk) + "-- echo good");
  CHECK(answered.out("llmcache get request.json") == "good\n");
}

TEST_CASE("put and run --mode refresh end a rejection, and clear removes it") {
  const Answered answered;
  for (const auto* again : {"echo bad | llmcache put request.json", "echo bad | llmcache put --only-new request.json",
                            "llmcache run --request request.json --mode refresh -- echo bad"}) {
    INFO(again);
    answered.out("llmcache reject request.json");
    answered.out(again);
    CHECK(answered.out("llmcache get request.json") == "bad\n");
  }
  answered.out("llmcache reject request.json");
  CHECK(answered.run("llmcache clear request.json").exit == 0);
  CHECK(answered.run("llmcache get -v request.json").err == "llmcache: miss (absent)\n");
}

TEST_CASE("purge removes rejections with the entries that its filters select") {
  const Answered answered;
  answered.out("llmcache reject request.json");
  CHECK(contains(answered.run("llmcache purge --yes --expires-within 30m").err, "removed 0 entries"));
  CHECK(contains(answered.run("llmcache purge --yes --expires-within 2h").err, "removed 1 entry"));
}

TEST_CASE("reject takes the response and the stream of a request, and exits with 1 if there is neither") {
  const Answered answered;
  answered.out(
      R"(printf 'data: {"x":1}\n\ndata: [DONE]\n\n' | llmcache put --stream <(echo '{"model":"m","stream":true}') --accept any)");
  CHECK(answered.out("llmcache reject --json request.json") == "{\"schema\":\"llmcache.reject/1\",\"rejected\":2}\n");
  const auto nothing = answered.run("llmcache reject request.json");
  CHECK(nothing.exit == 1);
  CHECK(contains(nothing.err, "there is no entry llmcache:default_"));
  CHECK(answered.run("llmcache reject").exit == 2);
}

TEST_CASE("a rejected recording is only removed: there is no file for a rejection") {
  const Answered answered("dir:fixtures");
  CHECK(answered.out("find fixtures -type f | wc -l") == "1\n");
  CHECK(answered.run("llmcache reject request.json").exit == 0);
  CHECK(answered.out("find fixtures -type f | wc -l") == "0\n");
  CHECK(answered.run("llmcache get -v request.json").err == "llmcache: miss (absent)\n");
  CHECK(answered.out("llmcache import export 2>&1") == "imported 1 entry\n");
}

TEST_CASE("a rejection in a near store keeps the recordings of a read-only directory away") {
  const Answered answered("dir:fixtures");
  const std::string both = " --store sqlite:near.db --store 'dir:fixtures?read_only=1'";
  CHECK(answered.out("llmcache get request.json" + both) == "bad\n");
  CHECK(answered.run("llmcache reject request.json" + both).exit == 0);
  CHECK(answered.run("llmcache get -v request.json" + both).err == "llmcache: miss (rejected)\n");
  CHECK(answered.out("llmcache get request.json") == "bad\n");
}
