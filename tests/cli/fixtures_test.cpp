// Recordings that are kept as files in git: recorded, committed, cloned, replayed, edited, checked.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"

using llmcache::test::TerminalSession;

namespace {

constexpr const char* kDirStore = "LLMCACHE_STORE=dir:fixtures ";

// A COMMAND that answers as a model does. It counts its calls in a file.
void write_model(const TerminalSession& shell, const std::string& text = "Paris") {
  shell.write("model.sh",
              "#!/bin/sh\ncat > /dev/null\necho >> calls\n"
              "printf '{\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":"
              "\"assistant\",\"content\":\"" +
                  text + "\"}}]}'\n");
}

std::string request(const std::string& text) {
  return fmt::format(R"({{"model":"m","messages":[{{"role":"user","content":"{}"}}]}})", text);
}

std::string run(const std::string& options = "") {
  return fmt::format("{}llmcache run {} -- sh model.sh < request.json", kDirStore, options);
}

std::string fixtures(const std::string& action) {
  return fmt::format("{}llmcache fixtures {}", kDirStore, action);
}

}  // namespace

TEST_CASE("30 recordings are committed, cloned and replayed from a read-only checkout that stays clean") {
  const TerminalSession shell;
  write_model(shell);
  shell.out("mkdir project && cp model.sh project && cd project && git init -q . && mkdir requests");
  for (int i = 0; i < 30; ++i)
    shell.write(fmt::format("project/requests/{}.json", i), request(fmt::format("Ticket {}", i)));
  shell.out(
      "cd project && for r in requests/*.json; do LLMCACHE_STORE=dir:fixtures llmcache run -- sh model.sh < $r > "
      "$r.answer; done");
  CHECK(shell.out("wc -l < project/calls") == "30\n");
  shell.out(
      "cd project && git add fixtures requests && git -c user.name=n -c user.email=e@example.com commit -qm recorded");
  shell.out("git clone -q project clone && chmod -R a-w clone");
  // A root user may write all the same, so that only git can show whether anything was.
  const auto replayed = shell.run(
      "cd clone && for r in requests/*[0-9].json; do LLMCACHE_STORE=dir:fixtures llmcache run --mode replay < $r | "
      "cmp - $r.answer || exit 1; done && git status --porcelain");
  CHECK(replayed.exit == 0);
  CHECK(replayed.out == "");
  shell.out("chmod -R u+w clone");
}

TEST_CASE("a replay that misses names the nearest recording and where it differs, also as JSON") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("What is the capital of France?"));
  shell.out(run());
  shell.write("request.json", request("What is the capital of Spain?"));
  const auto text = shell.run(std::string(kDirStore) + "llmcache run --mode replay < request.json");
  CHECK(text.exit == 1);
  CHECK(text.out == "");
  CHECK(text.err.find("/messages/0/content") != std::string::npos);
  CHECK(text.err.find("Spain") != std::string::npos);
  const auto json = shell.run(std::string(kDirStore) + "llmcache run --mode replay --json < request.json");
  CHECK(json.exit == 1);
  CHECK(json.err.starts_with(R"({"schema":"llmcache.miss/1","name":"llmcache:default_)"));
  CHECK(json.err.find(R"("differences":[{"pointer":"/messages/0/content","stored":"What is the capital of France?",)"
                      R"("asked":"What is the capital of Spain?"}])") != std::string::npos);
}

TEST_CASE("refreshing an answer that has not changed leaves git clean, and no TTL is recorded") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("hi"));
  shell.out("git init -q . && " + run() +
            " && git add fixtures && git -c user.name=n -c user.email=e@example.com commit -qm r");
  shell.out(run("--mode refresh"));
  CHECK(shell.out("wc -l < calls") == "2\n");
  CHECK(shell.out("git status --porcelain fixtures") == "");
  CHECK(shell.out("grep -c expires fixtures/default/*.json || true") == "0\n");
  CHECK(shell.out(std::string(kDirStore) + "llmcache config get ttl") == "never\n");
}

TEST_CASE("an answer that was edited by hand is replayed") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("hi"));
  shell.out(run());
  shell.out("sed -i 's/Paris/an error case/' fixtures/default/*.json");
  CHECK(shell.out(run()).find("an error case") != std::string::npos);
  CHECK(shell.out("wc -l < calls") == "1\n");
  CHECK(shell.run(fixtures("check")).exit == 0);
}

TEST_CASE("a recording is found whatever title its file is given, also one with dots and digits") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("hi"));
  shell.out(run());
  shell.out("cd fixtures/default; mv *.json $(ls | sed 's/^[^.]*/v1.2.deadbeef.case-3/')");
  CHECK(shell.out("ls fixtures/default").starts_with("v1.2.deadbeef.case-3."));
  shell.out(run());
  CHECK(shell.out("wc -l < calls") == "1\n");
  CHECK(shell.run(fixtures("check")).exit == 0);
}

TEST_CASE("stats counts the files of a directory and their bytes") {
  const TerminalSession shell;
  write_model(shell);
  for (const char* text : {"one", "two", "three"}) {
    shell.write("request.json", request(text));
    shell.out(run());
  }
  shell.out("echo notes > fixtures/default/README.md");
  const std::string size = shell.out("cat fixtures/default/*.json | wc -c");
  CHECK(shell.out("llmcache --store dir:fixtures stats --json | jq -c '.entries | .count, .bytes'") == "3\n" + size);
}

TEST_CASE("fixtures check names the file whose request was edited, and fixtures fix renames it") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("What is the capital of France?"));
  shell.out(run());
  shell.out("sed -i 's/capital of France/mayor of Lyon/' fixtures/default/*.json");
  const auto checked = shell.run(fixtures("check"));
  CHECK(checked.exit == 1);
  CHECK(checked.out.starts_with("default/what-is-the-capital-of-france."));
  CHECK(checked.out.find("belongs at default/what-is-the-mayor-of-lyon.") != std::string::npos);
  CHECK(shell.run(fixtures("check --json")).out.starts_with(R"({"schema":"llmcache.fixture/1","path":"default/what-)"));

  CHECK(shell.run(fixtures("fix")).exit == 0);
  CHECK(shell.run(fixtures("check")).exit == 0);
  shell.write("request.json", request("What is the mayor of Lyon?"));
  CHECK(shell.out(run()).find("Paris") != std::string::npos);
  CHECK(shell.out("wc -l < calls") == "1\n");
}

TEST_CASE("a file whose endpoint was edited is renamed, too") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("hi"));
  shell.out("llmcache run --store dir:fixtures --endpoint https://one/ --request request.json -- sh model.sh");
  CHECK(shell.run(fixtures("check")).exit == 0);
  shell.out("sed -i 's,https://one/,https://two/,' fixtures/default/*.json");
  CHECK(shell.run(fixtures("check")).out.find("its request or endpoint is not the one") != std::string::npos);
  CHECK(shell.run(fixtures("fix")).exit == 0);
  CHECK(shell.run(fixtures("check")).exit == 0);
  CHECK(shell.out("llmcache get --store dir:fixtures --endpoint https://two/ request.json").find("Paris") !=
        std::string::npos);
}

TEST_CASE("a damaged recording is named by whatever reads it") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("hi"));
  shell.out(run() + "; echo '<<<<<<< HEAD' >> fixtures/default/*.json");
  for (const auto* command : {"ls", "export --output all.jsonl", "copy --to sqlite:copy.db", "get request.json"}) {
    const auto ran = shell.run(std::string("llmcache --store dir:fixtures ") + command);
    INFO(command);
    CHECK(ran.err.find("fixtures/default/hi.") != std::string::npos);
    CHECK(ran.err.find("cannot be read: ") != std::string::npos);
    CHECK(shell.run(std::string("llmcache --strict --store dir:fixtures ") + command).exit == 6);
  }
}

TEST_CASE("fixtures fix gives two files of one edited request names of their own, and says so") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("hi"));
  shell.out(run() + " && cd fixtures/default && sed -i 's/hi/ho/' *.json && f=$(echo *.json) && cp $f copy.${f#*.}");
  const auto fixed = shell.run(fixtures("fix"));
  CHECK(fixed.exit == 1);
  CHECK(shell.out("ls fixtures/default | grep -c '^ho\\.'") == "2\n");
  CHECK(fixed.out.find("copy.") != std::string::npos);
  CHECK(fixed.out.find("answers the same request as ") != std::string::npos);
}

TEST_CASE("a use log that is a pipe which nobody reads costs a warning") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("hi"));
  shell.out(run() + " && mkfifo pipe");
  const auto ran = shell.run(fmt::format("{}timeout 20 llmcache get --use-log pipe request.json", kDirStore));
  CHECK(ran.exit == 0);
  CHECK(ran.out.find("Paris") != std::string::npos);
  CHECK(ran.err.find("the use log 'pipe' cannot be written") != std::string::npos);
  CHECK(shell.run("timeout 20 llmcache stats --prices pipe --deadline 100ms").exit == 4);
}

TEST_CASE("a directory of recordings that does not exist is warned of, and is an error with --strict") {
  const TerminalSession shell;
  shell.write("request.json", request("hi"));
  for (const auto* command : {"ls", "get request.json", "run --mode replay --request request.json"}) {
    const auto ran = shell.run(std::string("llmcache --store dir:typo ") + command);
    INFO(command);
    CHECK(ran.err.find("typo' does not exist, so nothing is cached in it") != std::string::npos);
    CHECK(shell.run(std::string("llmcache --strict --store dir:typo ") + command).exit == 5);
  }
}

TEST_CASE("fixtures check names damaged files and two files of one request") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("hi"));
  shell.out(run() + " && cd fixtures/default && for f in *.json; do cp $f a-$f; done && echo '{' > broken.json");
  const auto checked = shell.run(fixtures("check"));
  CHECK(checked.exit == 1);
  CHECK(checked.out.find("default/broken.json: ") != std::string::npos);
  CHECK(checked.out.find("answers the same request as default/a-hi.") != std::string::npos);
  CHECK(shell.run("llmcache fixtures check --store dir:none").exit == 5);
  CHECK(shell.run("llmcache fixtures check --store sqlite:x.db").exit == 2);
  CHECK(shell.run(fixtures("mend")).exit == 2);
}

TEST_CASE("fixtures unused lists what no run, get or replay has looked up, and deletes it") {
  const TerminalSession shell;
  write_model(shell);
  for (const char* text : {"one", "two", "three", "four"}) {
    shell.write("request.json", request(text));
    shell.out(run());
    shell.write(fmt::format("{}.json", text), request(text));
  }
  shell.out(
      fmt::format("export LLMCACHE_USE_LOG=uses.jsonl {}; llmcache run --mode replay < one.json; llmcache get "
                  "two.json; llmcache replay three.json; rm model.sh; llmcache get missing.json || true",
                  kDirStore));
  shell.write("missing.json", request("missing"));
  shell.run(fmt::format("{}llmcache get --use-log uses.jsonl missing.json", kDirStore));
  CHECK(shell.out("grep -c '\"outcome\":\"used\"' uses.jsonl") == "3\n");
  CHECK(shell.out("grep '\"outcome\":\"missed\"' uses.jsonl").find("\"request\":{\"messages\":") != std::string::npos);

  // Looking at a recording does not use it.
  shell.out(fmt::format("{}llmcache show --use-log uses.jsonl four.json", kDirStore));
  const auto unused = shell.run(fixtures("unused --use-log uses.jsonl"));
  CHECK(unused.exit == 1);
  CHECK(unused.out.starts_with("default/four."));
  CHECK(shell.run(fixtures("unused --use-log uses.jsonl --delete")).exit == 0);
  CHECK(shell.out("ls fixtures/default | wc -l") == "3\n");
  CHECK(shell.run(fixtures("unused --use-log uses.jsonl")).exit == 0);
  shell.write("empty.jsonl", "");
  CHECK(shell.run(fixtures("unused --use-log empty.jsonl --delete")).exit == 3);
  CHECK(shell.run(fixtures("unused --use-log absent.jsonl --delete")).exit == 3);
  CHECK(shell.run(fixtures("unused --use-log one.json --delete")).exit == 3);
  CHECK(shell.run(fixtures("unused")).exit == 2);
  CHECK(shell.out("ls fixtures/default | wc -l") == "3\n");
}

TEST_CASE("an answer or request that holds a key is not recorded into files unless that is allowed") {
  const TerminalSession shell;
  const std::string key = "sk-proj-abcdefghijklmnop1234567890";
  write_model(shell, "the key is " + key);
  shell.write("request.json", request("hi"));
  const auto ran = shell.run(run());
  CHECK(ran.exit == 0);
  CHECK(ran.out.find(key) != std::string::npos);
  CHECK(ran.err.find("not stored: the answer holds what looks like an API key (sk-pro...)") != std::string::npos);
  CHECK(ran.err.find(key) == std::string::npos);
  CHECK(shell.run(fmt::format("echo '{{\"a\":\"{}\"}}' | {}llmcache put request.json", key, kDirStore)).exit == 7);
  CHECK(shell.run("ls fixtures").exit != 0);

  for (const auto* head : {"", "HTTP/1.1 200 OK\\r\\ncontent-encoding: gzip\\r\\n\\r\\n"}) {
    shell.write("model.sh", fmt::format("cat > /dev/null\nprintf '{}'; printf '{{\"a\":\"{}\"}}' | gzip\n", head, key));
    CHECK(shell.run(run()).err.find("not stored: the answer holds what looks like an API key") != std::string::npos);
    CHECK(shell.run(run("--on-secret redact")).err.find("cannot be redacted") != std::string::npos);
  }
  CHECK(shell.run("ls fixtures").exit != 0);
  write_model(shell, "the key is " + key);

  shell.out(run("--on-secret redact"));
  CHECK(shell.run("grep -r " + key + " fixtures").exit == 1);
  CHECK(shell.out(run()).find("the key is sk-pro****************************\"") != std::string::npos);
  shell.out("rm -r fixtures");
  shell.out(run("--on-secret allow"));
  CHECK(shell.run("grep -rq " + key + " fixtures").exit == 0);

  write_model(shell);
  shell.write("request.json", request("use " + key));
  CHECK(shell.run(run()).err.find("the request holds what looks like an API key") != std::string::npos);
  shell.write("request.json", request("hi"));
  const std::string endpoint = "--endpoint 'https://api.example.com/v1?tenant=" + key + "' ";
  for (const char* const what : {"", "--on-secret redact "}) {
    CHECK(shell.run(run(endpoint + what)).err.find("the endpoint holds what looks like an API key") !=
          std::string::npos);
  }
  // In other stores nothing is refused unless that is asked for.
  CHECK(shell.run("llmcache run -- sh model.sh < request.json").err == "");
}

TEST_CASE("copy and import do with secrets as a recording does") {
  const TerminalSession shell;
  const std::string key = "sk-proj-abcdefghijklmnop1234567890";
  const auto keys_in = [&](const std::string& place) { return shell.run("grep -rq " + key + " " + place).exit == 0; };
  shell.write("request.json", request("hi"));
  shell.out(
      fmt::format("echo '{{\"a\":\"{}\"}}' | llmcache put request.json --ttl never; llmcache export > all.jsonl", key));
  for (const auto* command : {"llmcache copy --to dir:fixtures", "llmcache --store dir:fixtures import all.jsonl",
                              "llmcache --on-secret refuse import all.jsonl --on-conflict replace"}) {
    const auto ran = shell.run(command);
    INFO(command << ran.err);
    CHECK(ran.exit == 7);
    CHECK(ran.err.find("the answer holds what looks like an API key (sk-pro...)") != std::string::npos);
    CHECK_FALSE(keys_in("fixtures"));
  }
  shell.out("llmcache copy --to dir:fixtures --on-secret redact");
  CHECK_FALSE(keys_in("fixtures"));
  CHECK(shell.out("llmcache --store dir:fixtures get request.json") ==
        "{\"a\":\"sk-pro****************************\"}\n");
  shell.out("llmcache copy --to dir:allowed --on-secret allow");
  CHECK(keys_in("allowed"));
  // What was allowed in may go out again.
  shell.out("llmcache --store dir:allowed copy --to sqlite:out.db");
  CHECK(shell.out("llmcache --store sqlite:out.db ls | wc -l") == "1\n");

  shell.write("request.json", request("use " + key));
  shell.out("llmcache purge --all --yes; echo '{\"a\":1}' | llmcache put request.json");
  CHECK(shell.run("llmcache copy --to dir:asked").exit == 7);
  shell.out("llmcache copy --to dir:asked --on-secret redact");
  CHECK_FALSE(keys_in("asked"));
}

TEST_CASE("ten runs of one request at the same time on a store of files call the model once") {
  const TerminalSession shell;
  shell.write("model.sh", "cat > /dev/null\necho >> calls\nsleep 1\nprintf '{\"a\":1}'\n");
  shell.write("request.json", request("hi"));
  shell.out(
      fmt::format("export {}; for i in 1 2 3 4 5 6 7 8 9 10; do llmcache run -- sh model.sh < request.json > $i.out & "
                  "done; wait",
                  kDirStore));
  CHECK(shell.out("wc -l < calls") == "1\n");
  CHECK(shell.out("cat *.out") ==
        "{\"a\":1}{\"a\":1}{\"a\":1}{\"a\":1}{\"a\":1}{\"a\":1}{\"a\":1}{\"a\":1}{\"a\":1}{\"a\":1}");
}

TEST_CASE("two branches that record different requests merge without a conflict") {
  const TerminalSession shell;
  write_model(shell);
  const std::string commit = "git add fixtures && git -c user.name=n -c user.email=e@example.com commit -qm c";
  shell.write("request.json", request("base"));
  shell.out("git init -q -b one . && " + run() + " && " + commit + " && git checkout -q -b two");
  shell.write("request.json", request("second"));
  shell.out(run() + " && " + commit + " && git checkout -q one");
  shell.write("request.json", request("first"));
  shell.out(run() + " && " + commit + " && git -c user.name=n -c user.email=e@example.com merge -q two");
  CHECK(shell.out("ls fixtures/default | wc -l") == "3\n");
}

TEST_CASE("ls, show, diff, clear and purge work on a store of files") {
  const TerminalSession shell;
  write_model(shell);
  shell.write("request.json", request("hi"));
  shell.out(run());
  const std::string name = shell.out("llmcache hash request.json");
  const std::string key = name.substr(0, name.size() - 1);
  CHECK(shell.out(std::string(kDirStore) + "llmcache ls").starts_with(key));
  CHECK(shell.out(fmt::format("{}llmcache show '{}' --request", kDirStore, key)).find("\"hi\"") != std::string::npos);
  CHECK(shell.run(fmt::format("{}llmcache diff request.json '{}'", kDirStore, key)).exit == 0);
  CHECK(shell.run(std::string(kDirStore) + "llmcache doctor").exit == 0);
  CHECK(shell.run(fmt::format("{}llmcache clear '{}'", kDirStore, key)).exit == 0);
  CHECK(shell.run(std::string(kDirStore) + "llmcache get request.json").exit == 1);
  shell.out(run());
  CHECK(shell.run(std::string(kDirStore) + "llmcache purge --all --yes").exit == 0);
  CHECK(shell.out("find fixtures -type f | wc -l") == "0\n");
}
