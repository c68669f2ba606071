#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"

using llmcache::test::TerminalSession;

TEST_CASE("hash prints the key of the request on stdin or in a file") {
  const TerminalSession shell;
  shell.write("request.json", R"({"a":1})");
  const std::string key = "llmcache:default_3c8c141663acf5a1b6b7137162fa70fb\n";
  CHECK(shell.out("llmcache hash < request.json") == key);
  CHECK(shell.out("llmcache hash request.json") == key);
  CHECK(shell.out("llmcache hash - < request.json") == key);
  CHECK(shell.out("llmcache hash --hash-only request.json") == key.substr(17));
}

TEST_CASE("anyone can check a key with public tools") {
  const TerminalSession shell;
  shell.write("request.json", R"({"b": 1.0, "a": "naïve \u0041", "stream": true})");
  CHECK(shell.out("llmcache hash --canonical request.json") == R"({"a":"naïve A","b":1})");
  CHECK(shell.out("llmcache hash --canonical request.json | xxh128sum | cut -d' ' -f1") ==
        shell.out("llmcache hash --hash-only request.json"));
}

TEST_CASE("options change the key, before or after the command's name") {
  const TerminalSession shell;
  shell.write("request.json", R"({"a":1,"id":"volatile","model":"m"})");
  CHECK(shell.out("llmcache --session ci --prefix p: hash request.json").starts_with("p:ci_"));
  CHECK(shell.out("llmcache hash request.json --sample 2").ends_with("_sample_2\n"));
  CHECK(shell.out("llmcache hash request.json --ignore /id --no-model --canonical") == R"({"a":1})");
  CHECK(shell.out("llmcache hash --ignore /id --ignore /model --provider x --canonical < request.json") ==
        R"({"a":1,"provider":"x"})");
}

TEST_CASE("a rejected request is bad input, with one line that says why") {
  const TerminalSession shell;
  for (const auto* request : {"", "[]", R"({"a":1,"a":2})", R"({"a":1}x)", "{\"a\":\"\\ud800\"}", "{\"a\":1e400}"}) {
    shell.write("request.json", request);
    const auto ran = shell.run("llmcache hash request.json");
    CHECK(ran.exit == 3);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("llmcache: error: "));
    CHECK(std::ranges::count(ran.err, '\n') == 1);
  }
}

TEST_CASE("an error about a request names its file or stdin") {
  const TerminalSession shell;
  shell.write("request.json", "{");
  for (const auto* command : {"hash", "hash --explain", "get", "clear --request", "put --response x"}) {
    const auto ran = shell.run(std::string("llmcache ") + command + " request.json");
    CHECK(ran.exit == 3);
    CHECK(ran.err == "llmcache: error: request.json: unexpected end of input at byte 1\n");
  }
  CHECK(shell.run("llmcache hash < request.json").err ==
        "llmcache: error: the request on stdin: unexpected end of input at byte 1\n");
  const auto ran = shell.run("llmcache run --request request.json -- cat");
  CHECK(ran.err.starts_with("llmcache: warning: request.json: unexpected end"));
}

TEST_CASE("hash --lines prints a key a line, and an empty line for a bad request") {
  const TerminalSession shell;
  shell.write("lines", "{\"a\":1}\nnonsense\n{\"a\": 1.0}");
  const auto ran = shell.run("llmcache hash --lines < lines");
  CHECK(ran.exit == 3);
  const std::string key = "llmcache:default_3c8c141663acf5a1b6b7137162fa70fb\n";
  CHECK(ran.out == key + "\n" + key);
  CHECK(ran.err.find("line 2") != std::string::npos);
  const auto objects = shell.run("llmcache hash --lines --json < lines | jq -c '[.hash, .error != null]'");
  CHECK(objects.out ==
        "[\"3c8c141663acf5a1b6b7137162fa70fb\",false]\n[null,true]\n[\"3c8c141663acf5a1b6b7137162fa70fb\",false]\n");
}

TEST_CASE("hash --explain shows the effect of every member on the key") {
  const TerminalSession shell;
  shell.write("request.json", R"({"temperature":1.0,"stream":true,"model":"m","id":7})");
  const std::string table = shell.out("llmcache hash --explain --ignore /id --provider p request.json");
  CHECK(table.find("/temperature\trewritten\t1.0\t") != std::string::npos);
  CHECK(table.find("/stream\tignored\ttrue\t") != std::string::npos);
  CHECK(table.find("/model\tin the key\t\"m\"\t") != std::string::npos);
  CHECK(table.find("/id\tignored\t7\t") != std::string::npos);
  CHECK(table.find("/provider\tset by option\t") != std::string::npos);
  CHECK(shell.out("llmcache hash --explain --json request.json | jq -c .value | sort") == "\"m\"\n1\n7\ntrue\n");
}

TEST_CASE("hash needs no store, and makes none") {
  const TerminalSession shell;
  CHECK(shell.run("echo '{}' | llmcache hash --store sqlite:/nonexistent/x.db").exit == 0);
  CHECK(shell.run("test -e .cache").exit == 1);
}

TEST_CASE("an --ignore pointer that matches nothing causes a warning, in every command that makes a key") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","messages":[{"t":1},{"t":2}],"user":"u"})");
  shell.out("echo '{}' | llmcache put request.json --sample 1");
  const std::string ignore = " --ignore /user --ignore /nope --ignore '/messages/*/t' --ignore /messages/0 ";
  const std::string warnings =
      "llmcache: warning: --ignore /nope matches no member of the request\n"
      "llmcache: warning: --ignore /messages/0 matches no member of the request\n";
  for (const auto* command : {"hash", "hash --explain", "get", "replay", "put --response answer", "clear --request"}) {
    shell.write("answer", R"({"a":1})");
    CHECK(shell.run("llmcache" + ignore + command + " request.json").err == warnings);
  }
  CHECK(shell.run("llmcache run --ignore /nope --ignore /messages/0 -- cat < request.json").err.starts_with(warnings));
  CHECK(shell.run("llmcache diff" + ignore + "request.json request.json").err == warnings);
  shell.write("lines", "{\"user\":1}\n{\"x\":1}\n");
  CHECK(shell.run("llmcache hash --lines --ignore /user --ignore /nope < lines").err ==
        "llmcache: warning: --ignore /nope matches no member of the request\n");
}
