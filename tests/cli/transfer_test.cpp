// Finding entries with ls and its filters, and moving them: export, import, copy, touch.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/terminal_session.h"
#include "support/redis_server.h"

using llmcache::test::contains;
using llmcache::test::TerminalSession;

namespace {

std::string request(const std::string& text, const std::string& more = "") {
  return fmt::format(R"({{"model":"m","messages":[{{"role":"user","content":"{}"}}]{}}})", text, more);
}
std::string answer(const std::string& text, const std::string& model = "m-1") {
  return fmt::format(R"({{"model":"{}","choices":[{{"index":0,"finish_reason":"stop","message":{{"role":"assistant",)"
                     R"("content":"{}"}}}}]}})",
                     model, text);
}
// A stream that cuts its text into words.
std::string stream(const std::vector<std::string>& words) {
  std::string events;
  for (const std::string& word : words) {
    events += fmt::format(
        "data: {{\"object\":\"chat.completion.chunk\",\"choices\":[{{\"index\":0,\"delta\":{{"
        "\"content\":\"{}\"}}}}]}}\n\n",
        word);
  }
  return events +
         "data: "
         "{\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}"
         "\n\ndata: [DONE]\n\n";
}

void put(const TerminalSession& shell, const std::string& name, const std::string& body, const std::string& reply,
         const std::string& options = "") {
  shell.write(name + ".json", body);
  shell.write(name + ".answer", reply);
  shell.out(fmt::format("llmcache put {0}.json --response {0}.answer {1}", name, options));
}

// A response, a stream and an entry of another session, with different answers, models and lives.
void put_three(const TerminalSession& shell) {
  put(shell, "paris", request("What is the capital of France?"), answer("It is Paris."), "--ttl never");
  put(shell, "rome", request("What is the capital of Italy?", R"(,"stream":true)"), stream({"It is ", "Ro", "me."}),
      "--ttl 1h");
  put(shell, "team", request("Sing a song."), answer(std::string(5000, 'x'), "large-1"), "--ttl 1d --session team");
}

std::string texts(const TerminalSession& shell, const std::string& filters) {
  return shell.out(fmt::format("llmcache ls {} --json --fields text --sort name | jq -r .text | sort", filters));
}

constexpr const char* kParis = "What is the capital of France?\n";
constexpr const char* kRome = "What is the capital of Italy?\n";
constexpr const char* kSong = "Sing a song.\n";

}  // namespace

TEST_CASE("each filter selects the entries that it describes") {
  const TerminalSession shell;
  put_three(shell);
  CHECK(texts(shell, "") == std::string(kSong) + kParis + kRome);
  CHECK(texts(shell, "--kind stream") == kRome);
  CHECK(texts(shell, "--kind response --session default") == kParis);
  CHECK(texts(shell, "--model 'large*'") == kSong);
  CHECK(texts(shell, "--larger-than 4k") == kSong);
  CHECK(texts(shell, "--expires-within 2h") == kRome);
  CHECK(texts(shell, "--expires-within 2d") == std::string(kSong) + kRome);
  CHECK(texts(shell, "--older-than 1h").empty());
  CHECK(texts(shell, "--newer-than 1h --kind response") == std::string(kSong) + kParis);
}

TEST_CASE("grep finds text of the request, of the answer, and what a stream has in several chunks") {
  const TerminalSession shell;
  put_three(shell);
  CHECK(texts(shell, "--grep 'capital of'") == std::string(kParis) + kRome);
  CHECK(texts(shell, "--grep 'It is Paris'") == kParis);
  CHECK(texts(shell, "--grep Rome") == kRome);
  CHECK(texts(shell, "--grep rome").empty());
  put(shell, "quoted", request(R"(say \"hi\"\nthere)"), answer(R"(caf\u00e9)"));
  CHECK(texts(shell, "--grep 'say \"hi\"'") == "say \"hi\"\nthere\n");
  CHECK(texts(shell, "--grep café") == "say \"hi\"\nthere\n");
}

TEST_CASE("a filter with an empty or wrong value selects nothing and is a usage error") {
  const TerminalSession shell;
  put_three(shell);
  for (const char* const filter : {"--older-than ''", "--kind ''", "--grep ''", "--kind song", "--larger-than much",
                                   "--newer-than x", "--fields name"}) {
    for (const char* const command : {"ls", "purge --yes", "export", "copy --to memory:"}) {
      INFO(command << ' ' << filter);
      CHECK(shell.run(fmt::format("llmcache {} {}", command, filter)).exit == 2);
    }
  }
  CHECK(shell.out("llmcache ls | wc -l") == "3\n");
}

TEST_CASE("purge removes exactly what ls lists with the same filters") {
  const TerminalSession shell;
  put_three(shell);
  shell.out("llmcache ls --grep 'capital of' -0 | tr '\\0' '\\n' | sort > listed");
  CHECK(shell.out("llmcache purge --dry-run -q --grep 'capital of' | sort") == shell.read("listed"));
  shell.out("llmcache purge --yes -q --grep 'capital of'");
  CHECK(texts(shell, "") == kSong);
}

TEST_CASE("ls sorts by name, age, size or expiry, and prints no more than the limit") {
  const TerminalSession shell;
  put_three(shell);
  const auto first = [&](const std::string& options) {
    return shell.out(fmt::format("llmcache ls --json --fields text {} | head -n 1 | jq -r .text", options));
  };
  CHECK(first("--sort age") == kSong);
  CHECK(first("--sort size") == kSong);
  CHECK(first("--sort size --limit 1") == kSong);
  CHECK(first("--sort expires --limit 2") == kRome);
  CHECK(shell.out("llmcache ls --limit 2 | wc -l") == "2\n");
  CHECK(shell.out("llmcache ls --sort name -0 | tr '\\0' '\\n' | sort -c; echo $?") == "0\n");
  CHECK(shell.run("llmcache ls --sort colour").exit == 2);
}

TEST_CASE("fields chooses the members of an entry's object and their order") {
  const TerminalSession shell;
  put(shell, "paris", request("Hi"), answer("Hello"), "--ttl never");
  CHECK(shell.out("llmcache ls --json --fields text,kind,expires") ==
        "{\"text\":\"Hi\",\"kind\":\"response\",\"expires\":\"never\"}\n");
  const auto wrong = shell.run("llmcache ls --json --fields sizes");
  CHECK(wrong.exit == 2);
  CHECK(contains(wrong.err, "stored_bytes"));
}

TEST_CASE("on a terminal ls shows what was asked, fitted to 40, 80 and 200 columns") {
  const TerminalSession shell;
  put_three(shell);
  put(shell, "long", request("Tell me a very long story about 日本語 " + std::string(300, 'z')), answer("No"));
  for (const std::size_t columns : {40u, 80u, 200u}) {
    const std::string shown =
        shell.out(fmt::format("script -qec 'stty cols {}; NO_COLOR=1 llmcache ls' /dev/null | tr -d '\\r'", columns));
    INFO(shown);
    CHECK(shown.starts_with("HASH"));
    CHECK(contains(shown, columns < 200 ? "What is" : "What is the capital of France?"));
    CHECK(contains(shown, "SESSION") == (columns > 40));
    CHECK(contains(shown, "…"));
    for (std::size_t begin = 0; begin < shown.size();) {
      const std::size_t end = shown.find('\n', begin);
      std::size_t width = 0;
      for (const char c : shown.substr(begin, end - begin)) width += (c & 0xc0) != 0x80 ? 1 : 0;
      CHECK(width <= columns);
      begin = end + 1;
    }
  }
}

TEST_CASE("hostile text in a prompt, a model or a session prints no control byte on a terminal") {
  const TerminalSession shell;
  put(shell, "evil", request(R"(\u001b[31mred\u0007\u202eback\r\n\u0000)"),
      answer(R"(\u001b[2J)", R"(m\u001b]0;title\u0007)"), "--session $'a\\xe2\\x80\\xaeb'");
  for (const char* const command : {"ls", "ls --long", "ls --json --fields text", "export"}) {
    const std::string shown =
        shell.out(fmt::format("script -qec 'NO_COLOR=1 llmcache {}' /dev/null | tr -d '\\r\\n'", command));
    INFO(command);
    CHECK(shown.find_first_of(std::string("\x1b\x07\x00", 3)) == std::string::npos);
    CHECK_FALSE(contains(shown, "\xe2\x80\xae"));
  }
}

TEST_CASE("entries are the same lines after they have been in a store of another kind") {
  const TerminalSession shell;
  const support::RedisServer server;
  put_three(shell);
  put(shell, "text", request("plain"), "Just text.\n", "--endpoint https://example.com/v1 --ttl never");
  shell.out("llmcache run --sample 2 --request paris.json -- cat text.answer > answered");
  shell.out("llmcache export > first.jsonl");
  CHECK(shell.run("jq -r .name first.jsonl | LC_ALL=C sort -c").exit == 0);
  CHECK(shell.out("wc -l < first.jsonl") == "5\n");
  for (const std::string& store : {std::string("sqlite:other.db"), std::string("dir:files"), server.url()}) {
    INFO(store);
    CHECK(contains(shell.run(fmt::format("llmcache import first.jsonl --store {}", store)).err, "imported 5 entries"));
    CHECK(shell.run(fmt::format("llmcache export --store {} | cmp - first.jsonl", store)).exit == 0);
    CHECK(shell.out(fmt::format("llmcache get paris.json --store {}", store)) == shell.read("paris.answer"));
    CHECK(shell.out(fmt::format("llmcache replay rome.json --store {}", store)) == shell.read("rome.answer"));
  }
  shell.out("llmcache export --output packed.jsonl.zst");
  CHECK(shell.out("head -c 4 packed.jsonl.zst | od -An -tx1") == " 28 b5 2f fd\n");
  shell.out("llmcache import --store sqlite:packed.db < packed.jsonl.zst");
  CHECK(shell.run("llmcache export --store sqlite:packed.db | cmp - first.jsonl").exit == 0);
}

TEST_CASE("a line that was edited or damaged is named and not imported, the others are") {
  const TerminalSession shell;
  put_three(shell);
  CHECK(shell.run("llmcache export --json -o good.jsonl").out == "{\"schema\":\"llmcache.export/1\",\"exported\":3}\n");
  shell.out(
      "sed '1s/France/Spain/; 1s/Italy/Spain/; 1s/Sing/Ring/; 3s/.$//' good.jsonl > bad.jsonl; echo >> bad.jsonl");
  const auto ran = shell.run("llmcache import bad.jsonl --store sqlite:other.db");
  CHECK(ran.exit == 3);
  CHECK(contains(ran.err, "line 1: "));
  CHECK(contains(ran.err, "line 3: "));
  CHECK(shell.out("llmcache ls --store sqlite:other.db | wc -l") == "1\n");
  CHECK(shell.run("llmcache import bad.jsonl --json --store sqlite:another.db").out ==
        "{\"schema\":\"llmcache.import/1\",\"imported\":1,\"skipped\":0,\"expired\":0}\n");
  CHECK(shell.run("llmcache import nofile").exit == 3);
  CHECK(shell.run("head -c 100 good.jsonl | llmcache import").exit == 3);
}

TEST_CASE("an imported entry takes no more space than the original") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","messages":[]})");
  shell.out("head -c 100000 /dev/zero | tr '\\0' a | llmcache put request.json; llmcache export > x.jsonl");
  shell.out("llmcache import x.jsonl --store sqlite:other.db");
  const auto size = [&](const std::string& store) {
    return nlohmann::json::parse(shell.out("llmcache ls --json " + store))["stored_bytes"].get<int>();
  };
  CHECK(size("--store sqlite:other.db") <= size("") + 10);
}

TEST_CASE("import names the first bad lines of a file of another kind, and stops") {
  const TerminalSession shell;
  shell.out("seq 1000 > numbers");
  const auto ran = shell.run("llmcache import numbers");
  CHECK(ran.exit == 3);
  CHECK(contains(ran.err, "line 10: "));
  CHECK_FALSE(contains(ran.err, "line 11: "));
  CHECK(contains(ran.err, "llmcache: error: this is not an export of llmcache"));

  put_three(shell);
  shell.out("llmcache export > good.jsonl; (head -n 1 good.jsonl; cat numbers) > bad.jsonl");
  CHECK(contains(shell.run("llmcache import bad.jsonl").err, "line 1001: "));
}

TEST_CASE("an import keeps an entry that exists unless the option says replace or fail") {
  const TerminalSession shell;
  put(shell, "paris", request("Hi"), answer("old"), "--ttl never");
  shell.out("llmcache export > old.jsonl");
  shell.write("paris.answer", answer("new"));
  shell.out("llmcache put paris.json --response paris.answer");
  const auto skipped = shell.run("llmcache import old.jsonl --json");
  CHECK(skipped.exit == 0);
  CHECK(skipped.out == "{\"schema\":\"llmcache.import/1\",\"imported\":0,\"skipped\":1,\"expired\":0}\n");
  CHECK(shell.run("llmcache import old.jsonl --on-conflict fail").exit == 7);
  CHECK(shell.out("llmcache get paris.json") == answer("new"));
  shell.out("llmcache import old.jsonl --on-conflict replace");
  CHECK(shell.out("llmcache get paris.json") == answer("old"));
  CHECK(shell.run("llmcache import old.jsonl --on-conflict ask").exit == 2);
}

TEST_CASE("an entry that expired since it was exported is not imported") {
  const TerminalSession shell;
  put(shell, "paris", request("Hi"), answer("Hello"), "--ttl 300ms");
  shell.out("llmcache export > soon.jsonl; sleep 0.4");
  CHECK(contains(shell.run("llmcache import soon.jsonl").err, "left out 1 that had expired"));
  CHECK(shell.out("llmcache ls").empty());
}

TEST_CASE("an export with a full or unwritable target leaves no file, and an import of a cut zstd file fails") {
  const TerminalSession shell;
  put_three(shell);
  CHECK(shell.run("llmcache export --output none/x.jsonl").exit == 5);
  CHECK(shell.run("llmcache export > /dev/full").exit == 5);
  shell.out("llmcache export --output x.zst && head -c 200 x.zst > cut.zst");
  CHECK(shell.out("ls x.zst*") == "x.zst\n");
  CHECK(shell.run("llmcache import cut.zst --store sqlite:other.db").exit == 3);
}

TEST_CASE("an export never replaces a device, a pipe or a symbolic link, but writes into it") {
  const TerminalSession shell;
  put_three(shell);
  shell.out("mkfifo pipe && (cat pipe > read &) && llmcache export --output pipe; sleep 0.1");
  CHECK(shell.out("test -p pipe; wc -l < read") == "3\n");
  shell.out("touch target && ln -s target link && llmcache export --output link && test -L link");
  CHECK(shell.out("wc -l < target") == "3\n");
  shell.out("ln -s absent dangling && llmcache export --output dangling && test -L dangling");
  CHECK(shell.out("wc -l < absent") == "3\n");
  shell.out("ln -s /dev/full full");
  CHECK(shell.run("llmcache export --output full").exit == 5);
  CHECK(shell.run("test -c /dev/full").exit == 0);
}

TEST_CASE("an export into a file that only its owner may read stays such a file") {
  const TerminalSession shell;
  put_three(shell);
  shell.out("touch private && chmod 600 private && llmcache export --output private");
  CHECK(shell.out("stat -c %a private; wc -l < private") == "600\n3\n");
}

TEST_CASE("copy takes what the filters select to another store, and gives it another session") {
  const TerminalSession shell;
  put_three(shell);
  CHECK(contains(shell.run("llmcache copy --to sqlite:other.db --kind stream").err, "copied 1 entry"));
  CHECK(shell.out("llmcache replay rome.json --store sqlite:other.db") == shell.read("rome.answer"));
  CHECK(shell.run("llmcache copy --to sqlite:other.db --json").out ==
        "{\"schema\":\"llmcache.copy/1\",\"copied\":2,\"skipped\":1,\"expired\":0}\n");
  CHECK(contains(shell.out("llmcache copy --store sqlite:other.db --to sqlite: --json"), "\"copied\":0,\"skipped\":3"));
  shell.out("llmcache copy --session team --to dir:files --to-session default");
  CHECK(shell.out("llmcache get team.json --store dir:files") == shell.read("team.answer"));
  CHECK(shell.run("llmcache get team.json").exit == 1);
  const auto left = nlohmann::json::parse(shell.out("llmcache ls --store dir:files --json"))["ttl_ms"].get<long>();
  CHECK(left > 23 * 3'600'000L);
  CHECK(left <= 24 * 3'600'000L);
}

TEST_CASE("copy needs a store that it can write, and says what is wrong with the one it got") {
  const TerminalSession shell;
  put_three(shell);
  CHECK(shell.run("llmcache copy").exit == 2);
  CHECK(shell.run("llmcache copy --to nonsense:x").exit == 2);
  CHECK(shell.run("llmcache copy --to ''").exit == 2);
  CHECK(shell.run("llmcache copy --to redis://127.0.0.1:1 --deadline 2s").exit == 4);
  shell.write("notes.txt", "mine");
  CHECK(shell.run("llmcache copy --to sqlite:notes.txt").exit == 5);
  CHECK(shell.read("notes.txt") == "mine");
}

TEST_CASE("touch gives a response and its stream another time to live, and keeps their bytes") {
  const TerminalSession shell;
  const support::RedisServer server;
  for (const std::string& store : {std::string("sqlite:"), std::string("dir:files"), server.url()}) {
    INFO(store);
    const std::string options = "--store " + store;
    put(shell, "paris", request("Hi"), answer("Hello"), options + " --ttl 1h");
    shell.out("llmcache touch paris.json --ttl 2d " + options);
    const auto left = nlohmann::json::parse(shell.out("llmcache ls --json " + options))["ttl_ms"].get<long>();
    CHECK(left > 47 * 3'600'000L);
    CHECK(shell.out("llmcache get paris.json " + options) == shell.read("paris.answer"));
    shell.out("llmcache touch --key $(llmcache hash paris.json) --ttl never " + options);
    CHECK(contains(shell.out("llmcache ls " + options), "\tnever"));
    CHECK(shell.out("llmcache get paris.json " + options) == shell.read("paris.answer"));
  }
}

TEST_CASE("touch of nothing says so, and needs a TTL that keeps something") {
  const TerminalSession shell;
  shell.write("none.json", request("none"));
  const auto none = shell.run("llmcache touch none.json --ttl 1h");
  CHECK(none.exit == 1);
  CHECK(contains(none.err, "there is no entry llmcache:default_"));
  CHECK(shell.run("llmcache touch none.json").exit == 2);
  CHECK(shell.run("llmcache touch none.json --ttl 0").exit == 2);
  CHECK(shell.run("llmcache touch --ttl 1h").exit == 2);
  CHECK(shell.run("llmcache touch nofile --ttl 1h").exit == 2);
}

TEST_CASE("a gateway's stream is exported, imported and touched as a whole") {
  const TerminalSession shell;
  const std::string gateway = "--compat bifrost --session s";
  const std::string asked = R"({"model":"openai/m","stream":true,"messages":[{"role":"user","content":"Rome?"}]})";
  put(shell, "rome", asked, stream({"Ro", "me"}), gateway);
  shell.out(fmt::format("llmcache export {} > lines.jsonl", gateway));
  CHECK(shell.out("wc -l < lines.jsonl") == "3\n");
  CHECK(contains(shell.run(fmt::format("llmcache import lines.jsonl --store sqlite:other.db {}", gateway)).err,
                 "imported 1 entry"));
  shell.out(
      fmt::format("llmcache replay rome.json {} > one; llmcache replay rome.json --store sqlite:other.db {} > two",
                  gateway, gateway));
  CHECK(shell.read("one") == shell.read("two"));
  CHECK(contains(shell.run(fmt::format("llmcache import lines.jsonl --store sqlite:other.db {}", gateway)).err,
                 "skipped 1"));
  shell.out(fmt::format("llmcache touch rome.json --ttl 2d --store sqlite:other.db {}", gateway));
  CHECK(shell.out(fmt::format("llmcache ls --store sqlite:other.db {} | grep -c '1d 23h'", gateway)) == "3\n");
}

TEST_CASE("of two lines for one entry the second is a conflict") {
  const TerminalSession shell;
  put(shell, "paris", request("What is the capital of France?"), answer("It is Paris."), "--ttl never");
  shell.out("llmcache export > one; sed s/Paris/Lyon/ one > two; cat one two > both");
  CHECK(contains(shell.run("llmcache --store sqlite:skip.db import both").err, "skipped 1"));
  CHECK(contains(shell.out("llmcache --store sqlite:skip.db get paris.json"), "Paris"));
  CHECK(shell.run("llmcache --store sqlite:fail.db import --on-conflict fail both").exit == 7);
  CHECK(shell.run("llmcache --store sqlite:replace.db import --on-conflict replace both").exit == 0);
  CHECK(contains(shell.out("llmcache --store sqlite:replace.db get paris.json"), "Lyon"));
}

TEST_CASE("an entry that cannot get another session is left out of a copy, and the others are copied") {
  const TerminalSession shell;
  put(shell, "rome", request("What is the capital of Italy?"), answer("Rome."), "--no-keep-request");
  put(shell, "paris", request("What is the capital of France?"), answer("Paris."));
  const auto ran = shell.run("llmcache copy --to sqlite:other.db --to-session team");
  CHECK(ran.exit == 0);
  CHECK(contains(ran.err, "copied 1 entry"));
  CHECK(contains(ran.err, "1 entry is left out"));
}

TEST_CASE("an export that is interrupted leaves no file behind") {
  const TerminalSession shell;
  put(shell, "paris", request("What is the capital of France?"), answer(std::string(1 << 20, 'x')));
  shell.out(
      "mkdir out; for i in $(seq 40); do sed \"s/France/$i/g\" paris.json > $i.json; "
      "llmcache put $i.json --response paris.answer; done");
  const auto ran = shell.run(
      "llmcache export -o out/all.jsonl & child=$!; until [ -n \"$(ls out)\" ]; do :; done; "
      "kill -INT $child; wait $child; echo $?; ls out");
  CHECK((ran.out == "130\n" || ran.out == "0\nall.jsonl\n"));  // it may have ended before the signal
}

TEST_CASE("on a terminal the progress of an import does not mix with its messages") {
  const TerminalSession shell;
  put(shell, "paris", request("What is the capital of France?"), answer("It is Paris."));
  shell.out("llmcache export > one; echo damaged >> one");
  const auto ran = shell.run("TERM=xterm script -qec 'llmcache import one' /dev/null < /dev/null");
  CHECK(contains(ran.out, "\r\x1b[Kllmcache: "));
  CHECK(contains(ran.out, "imported 0 entries, skipped 1"));
  CHECK_FALSE(contains(shell.run("TERM=dumb script -qec 'llmcache import one' /dev/null < /dev/null").out, "\x1b"));
}

TEST_CASE("on 80 columns ls shows the endpoint and the session where there are several") {
  const TerminalSession shell;
  put(shell, "one", request("What is the capital of France?"), answer("Paris."),
      "--endpoint https://api.openai.com/v1/chat/completions");
  put(shell, "two", request("What is the capital of France?"),
      answer("Paris.", "a-model-with-a-rather-long-name-of-40-ch"),
      "--endpoint https://api.anthropic.com/v1/messages --session team");
  const auto shown = [&](int columns) {
    return shell.run(fmt::format("TERM=dumb script -qec 'stty cols {}; llmcache ls' /dev/null < /dev/null", columns))
        .out;
  };
  for (const int columns : {80, 120}) {
    const std::string out = shown(columns);
    CHECK(contains(out, "SESSION"));
    CHECK(contains(out, "ENDPOINT"));
    CHECK(contains(out, "api.ant"));
    CHECK(contains(out, "messages"));
    CHECK(contains(out, "What is the cap"));
  }
  CHECK(contains(shown(40), "What is the cap"));
}
