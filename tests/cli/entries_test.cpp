// put, get, replay, show, ls, clear, diff: entries one by one.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "cli/terminal_session.h"

using llmcache::test::TerminalSession;

namespace {

constexpr const char* kRequest = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
constexpr const char* kAnswer =
    R"({"object":"chat.completion","model":"m-2","choices":[{"index":0,"message":{"content":"x"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":3,"completion_tokens":4}})";
constexpr const char* kStreamed =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";

}  // namespace

TEST_CASE("get prints the stored answer byte for byte, by request and by key") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.write("response", std::string("{\"text\": \"\xc3\xaf \"}\n\n", 17));
  shell.out("llmcache put request.json < response");
  CHECK(shell.out("llmcache get request.json") == shell.read("response"));
  CHECK(shell.out("llmcache get --key $(llmcache hash request.json)") == shell.read("response"));
}

TEST_CASE("a miss prints nothing and exits with 1") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.out("echo '{}' > other.json; echo '[]' | llmcache --no-model put other.json");  // a store exists
  for (const auto* line : {"llmcache get request.json", "llmcache replay request.json",
                           "llmcache get --key llmcache:nobody_$(llmcache hash --hash-only request.json)"}) {
    const auto ran = shell.run(line);
    CHECK(ran.exit == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err.empty());
  }
}

TEST_CASE("an empty body and an error body are refused unless allowed") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  for (const auto* body : {"", R"({"error":{"message":"no"}})", R"({"type":"error","error":{"type":"x"}})"}) {
    shell.write("response", body);
    const auto ran = shell.run("llmcache put request.json --response response");
    CHECK(ran.exit == 7);
    CHECK(ran.err.starts_with("llmcache: error: not stored"));
  }
  CHECK(shell.run("llmcache get request.json").exit == 1);
  CHECK(shell.run("llmcache put --accept errors request.json --response response").exit == 0);
  CHECK(shell.run("llmcache get request.json").err ==
        "llmcache: warning: the stored answer is an error; it was stored because of --accept\n");
  CHECK(shell.run("llmcache get --strict request.json").exit == 1);
  CHECK(shell.out("llmcache get --key \"$(llmcache ls | cut -f 1)\"") == shell.read("response"));
}

TEST_CASE("put --tee copies the body to stdout while storing it, and --only-new keeps an existing entry") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  CHECK(shell.out("echo '{\"n\":1}' | llmcache put --tee request.json") == "{\"n\":1}\n");
  shell.out("echo '{\"n\":2}' | llmcache put --only-new request.json");
  CHECK(shell.out("llmcache get request.json") == "{\"n\":1}\n");
  shell.out("echo '{\"n\":2}' | llmcache put request.json");
  CHECK(shell.out("llmcache get request.json") == "{\"n\":2}\n");
}

TEST_CASE("a stream is stored beside the response and replayed as it was") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","stream":true})");
  shell.write("stream", kStreamed);
  shell.out("llmcache put request.json < stream");
  CHECK(shell.out("llmcache replay request.json") == kStreamed);
  CHECK(shell.out("llmcache replay --pace recorded request.json") == kStreamed);
  CHECK(shell.out("llmcache replay --as text request.json") == "Hi\n");
  CHECK(shell.run("llmcache get request.json").exit == 1);
  shell.out("echo '{\"whole\":1}' | llmcache put <(echo '{\"model\":\"m\"}')");
  CHECK(shell.out("llmcache get request.json") == "{\"whole\":1}\n");
  CHECK(shell.out("llmcache replay --key $(llmcache hash request.json)") == kStreamed);
}

TEST_CASE("replay writes a stream in the form that is asked for") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","stream":true})");
  shell.write("stream", std::string(": hello\n\n") + kStreamed);
  shell.out("llmcache put request.json < stream");
  CHECK(shell.out("llmcache replay --as raw request.json") == shell.read("stream"));
  CHECK(shell.out("llmcache replay --as sse request.json") == kStreamed);
  CHECK(shell.out("llmcache replay --as ndjson request.json | jq -r '.choices[0].delta.content // empty'") == "Hi\n");
  CHECK(shell.run("llmcache replay --as xml request.json").exit == 2);
  shell.write("ollama", "{\"message\":{\"content\":\"Hi\"},\"done\":false}\n{\"message\":{},\"done\":true}\n");
  shell.out("llmcache put request.json < ollama");
  CHECK(shell.out("llmcache replay --as sse request.json | sed -n 's/^data: //p'") ==
        shell.read("ollama") + "[DONE]\n");
}

TEST_CASE("a reader that closes the pipe ends a replay quietly, at any pace and in any form") {
  const TerminalSession shell;
  shell.write("request.json", R"({"stream":true})");
  shell.out(
      llmcache::test::kPatient +
      std::string(
          "(yes 'data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a b c\"}}]}' | sed G | head -100000; ") +
      "printf 'data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n') | "
      "llmcache put request.json");
  for (const auto* how : {"", "--pace x1000", "--as sse", "--as ndjson", "--as text"}) {
    INFO(how);
    const auto ran = shell.run(std::string("llmcache replay request.json ") + how + " | head -c 5 > read; " +
                               "echo ${PIPESTATUS[0]}");
    CHECK(ran.out == "0\n");
    CHECK(ran.err.empty());
  }
}

TEST_CASE("a stream without its end is refused") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","stream":true})");
  shell.write("stream", std::string(kStreamed).substr(0, 120));
  CHECK(shell.run("llmcache put request.json < stream").exit == 7);
  CHECK(shell.run("llmcache replay request.json").exit == 1);
}

TEST_CASE("put --accept incomplete stores an answer that was cut off and marks it, but no error") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m","stream":true})");
  shell.write("stream", std::string(kStreamed).substr(0, 120));
  shell.out("llmcache put --accept incomplete request.json < stream");
  const auto replayed = shell.run("llmcache replay request.json");
  CHECK(replayed.out == shell.read("stream"));
  CHECK(replayed.err == "llmcache: warning: the stored answer is incomplete; it was stored because of --accept\n");
  CHECK(shell.run("llmcache replay --strict request.json").exit == 1);
  CHECK(nlohmann::json::parse(shell.out("llmcache ls --json")).at("incomplete") == true);
  CHECK(shell.out("llmcache ls --long").find("\tincomplete\t") != std::string::npos);
  CHECK(shell.run("echo '{\"error\":1}' | llmcache put --accept incomplete <(echo '{}')").exit == 7);
  CHECK(shell.run("llmcache put --accept everything request.json < stream").exit == 2);
}

TEST_CASE("put --refuse keeps answers out that ended for such a reason, as a flag, a variable or a file's list") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.write("response", R"({"choices":[{"index":0,"message":{"content":"x"},"finish_reason":"length"}]})");
  shell.write("config.json", R"({"refuse":["stop","length"]})");
  for (const auto* refusing : {"llmcache put --refuse content_filter,length", "llmcache put --refuse x --refuse length",
                               "LLMCACHE_REFUSE='stop length' llmcache put", "LLMCACHE_REFUSE=stop,length llmcache put",
                               "llmcache put --config config.json"}) {
    INFO(refusing);
    const auto ran = shell.run(std::string(refusing) + " request.json < response");
    CHECK(ran.exit == 7);
    CHECK(ran.err == "llmcache: error: not stored: the answer ended for a refused reason: length\n");
  }
  CHECK(shell.run("llmcache put --refuse stop request.json < response").exit == 0);
}

TEST_CASE("an entry ends with its time to live, and never without one") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.out("echo '{}' | llmcache put --ttl 7d request.json");
  CHECK(shell.run("faketime '+8 days' llmcache get request.json").exit == 1);
  CHECK(shell.run("llmcache get request.json").exit == 0);
  shell.out("echo '{}' | llmcache put --ttl never request.json");
  CHECK(shell.run("faketime '+800 days' llmcache get request.json").exit == 0);
}

TEST_CASE("get --meta describes the entry on stderr") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.out(fmt::format("echo '{}' | llmcache put request.json", kAnswer));
  const auto ran = shell.run("llmcache get --meta request.json");
  const auto meta = nlohmann::json::parse(ran.err);
  CHECK(meta.at("kind") == "response");
  CHECK(meta.at("model") == "m-2");
  CHECK(meta.at("prompt_tokens") == 3);
  CHECK(meta.at("finish_reason") == "stop");
}

TEST_CASE("get --why names the nearest stored request and where it differs") {
  const TerminalSession shell;
  shell.write("near.json", R"({"model":"m","seed":1,"user":"a"})");
  shell.write("far.json", R"({"other":[1,2,3]})");
  shell.write("asked.json", R"({"model":"m","seed":2,"user":"a"})");
  shell.out("echo '{}' | llmcache put near.json; echo '{}' | llmcache put far.json");
  const auto ran = shell.run("llmcache get --why asked.json");
  CHECK(ran.exit == 1);
  CHECK(ran.err.find(shell.out("llmcache hash near.json").substr(0, 40)) != std::string::npos);
  CHECK(ran.err.find("/seed: stored 1, asked 2") != std::string::npos);
  CHECK(ran.err.find("/user") == std::string::npos);
}

TEST_CASE("ls lists entries for programs with tabs or as JSON") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.out(fmt::format("echo '{}' | llmcache put --ttl never request.json", kAnswer));
  const std::string key = shell.out("llmcache hash request.json");
  const std::string row = shell.out("llmcache ls");
  CHECK(row.starts_with(key.substr(0, key.size() - 1) + "\tresponse\tm-2\t"));
  CHECK(row.ends_with("\tnever\n"));
  const auto object = nlohmann::json::parse(shell.out("llmcache ls --json"));
  CHECK(object.at("name").get<std::string>() + "\n" == key);
  CHECK(object.at("expires") == "never");
  CHECK(shell.out("llmcache ls --json --fields kind,model") == "{\"kind\":\"response\",\"model\":\"m-2\"}\n");
  CHECK(shell.out("llmcache ls -0") == key.substr(0, key.size() - 1) + '\0');
  CHECK(shell.out("llmcache ls llmcache:def | cut -f1") == key);
  CHECK(shell.out("llmcache ls 'llmcache:*'").empty());
}

TEST_CASE("show as JSON is one object with the request and the answer of an entry, whatever they are") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  const auto shown = [&](const std::string& options) {
    const std::string line = shell.out("llmcache show --json " + options);
    CHECK(line.find('\n') == line.size() - 1);
    return nlohmann::json::parse(line);
  };
  shell.out("printf '{\n \"text\": 1.0\n}' | llmcache put request.json");
  CHECK(shown("request.json").at("answer") == nlohmann::json::parse(R"({"text":1.0})"));
  CHECK(shown("request.json").at("request") == nlohmann::json::parse(kRequest));
  shell.out("printf 'two\nlines' | llmcache put request.json");
  CHECK(shown("request.json").at("answer") == "two\nlines");
  shell.write("stream.json", R"({"model":"m","stream":true})");
  shell.out(R"(printf 'data: {"a":1}\n\ndata: [DONE]\n\n' | llmcache put stream.json --accept any)");
  const auto chunks = shown("stream.json").at("chunks");
  CHECK(chunks.at(0).at("text").get<std::string>().starts_with("data: "));
  CHECK(chunks.at(0).at("at_ms") == 0);
  CHECK(shown("--stream stream.json").at("chunks") == chunks);
}

TEST_CASE("show prints an entry's metadata and content, or one part of it") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.out("echo '{\"text\":1}' | llmcache put request.json");
  CHECK(shell.out("llmcache show --response $(llmcache hash request.json)") == "{\"text\":1}\n");
  CHECK(shell.out("llmcache show --request $(llmcache hash request.json)") ==
        shell.out("llmcache hash --canonical request.json"));
  CHECK(shell.out("llmcache show --raw $(llmcache hash request.json)").starts_with("LLMC"));
  const std::string all = shell.out("llmcache show $(llmcache hash request.json)");
  CHECK(all.find("\"kind\": \"response\"") != std::string::npos);
  CHECK(all.ends_with("{\"text\":1}\n"));
}

TEST_CASE("show on a terminal lets no control character through") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.write("response", "\x1b]0;owned\a \xe2\x80\xae evil\n");
  shell.out("llmcache put request.json < response");
  shell.out("script -qec 'llmcache show --response $(llmcache hash request.json)' /dev/null > shown");
  CHECK(shell.read("shown").find("\x1b]0") == std::string::npos);
  CHECK(shell.read("shown").find("\\x1b]0;owned\\x07 \\u202e evil") != std::string::npos);
  CHECK(shell.out("llmcache show --response $(llmcache hash request.json)") == shell.read("response"));
}

TEST_CASE("clear removes the response, the stream and the samples of a request, or those of one sample") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.write("stream", kStreamed);
  shell.out("for i in 0 3 9; do echo '{}' | llmcache put --sample $i request.json; done");
  shell.out("llmcache put --stream request.json < stream; llmcache put --sample 9 --stream request.json < stream");
  CHECK(shell.out("llmcache ls -0 | tr -dc '\\0' | wc -c") == "5\n");
  CHECK(shell.out("llmcache clear --json \"$(llmcache hash --sample 9 request.json)_stream\"") ==
        "{\"schema\":\"llmcache.clear/1\",\"removed\":2}\n");
  CHECK(shell.out("llmcache clear --json \"$(llmcache hash request.json)\"") ==
        "{\"schema\":\"llmcache.clear/1\",\"removed\":3}\n");
  CHECK(shell.run("llmcache clear --request request.json").exit == 1);
}

TEST_CASE("clear and ls of a session ignore the sessions whose names start with its name") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  for (const auto* session : {"team", "team_A", "team_A_sample_"}) {
    shell.out(std::string("echo '{}' | llmcache put --session ") + session + " request.json");
  }
  const std::string evil = shell.out("printf %s \"$(llmcache hash --session team request.json)\"") + "_sample_evil";
  shell.out("echo '{}' | llmcache put --session '" + evil.substr(std::string("llmcache:").size()) + "' request.json");
  CHECK(shell.out("llmcache ls --session team -0 | tr '\\0' '\\n'") ==
        shell.out("llmcache hash --session team request.json"));
  CHECK(shell.run("llmcache clear \"$(llmcache hash --session team request.json)\"").exit == 0);
  CHECK(shell.out("llmcache ls -0 | tr -dc '\\0' | wc -c") == "3\n");
}

TEST_CASE("show and clear take requests and names of entries, and nothing else") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.out("echo '{\"a\":1}' | llmcache put request.json");
  CHECK(shell.out("llmcache show --response $(llmcache hash request.json)") == "{\"a\":1}\n");
  CHECK(shell.out("llmcache show --response - < request.json") == "{\"a\":1}\n");
  for (const auto* command : {"show", "clear"}) {
    for (const auto* name : {"nothing", "''", "user:1", "llmcache:default_", "llmcache:default_0123_stream"}) {
      CHECK(shell.run(std::string("llmcache ") + command + " " + name).exit == 2);
    }
  }
  CHECK(shell.run("llmcache clear request.json").exit == 0);
  CHECK(shell.run("llmcache show request.json").exit == 1);
  const auto again = shell.run("llmcache clear request.json");
  CHECK(again.exit == 1);
  CHECK(again.err == "nothing is stored under this\n");
}

TEST_CASE("put stores an answer even if the reader of its copy goes away") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  const std::string large(3'000'000, 'x');
  shell.write("large", large);
  for (const std::string source :
       {"llmcache put request.json --response large --tee", "llmcache put request.json --tee < large"}) {
    CHECK(shell.run(source + " | head -c 10").out == "xxxxxxxxxx");
    CHECK(shell.out("llmcache get request.json") == large);
    shell.out("llmcache clear request.json");
  }
}

TEST_CASE("diff names where two requests differ, and whether their keys do") {
  const TerminalSession shell;
  shell.write("a.json", R"({"x":1.0,"messages":[{"content":"hi"}],"stream":true})");
  shell.write("b.json", R"({"messages":[{"content":"ho"}],"x":1,"y":null})");
  CHECK(shell.out("llmcache diff a.json a.json").empty());
  const auto ran = shell.run("llmcache diff a.json b.json");
  CHECK(ran.exit == 1);
  CHECK(ran.out == "/messages/0/content: \"hi\" -> \"ho\"\n/y: (absent) -> null\n");
  CHECK(shell.run("llmcache diff --ignore /y --ignore /messages a.json b.json").exit == 0);
  shell.out("echo '{}' | llmcache put a.json");
  CHECK(shell.run("llmcache diff $(llmcache hash a.json) b.json").out == ran.out);
  CHECK(shell.run("llmcache diff nothing-such b.json").exit == 2);
}

TEST_CASE("get says that the same request is stored as a stream") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m"})");
  shell.write("stream.json", R"({"model":"m","stream":true})");
  shell.out(R"(printf 'data: {"a":1}\n\n' | llmcache put stream.json --accept any)");
  const auto ran = shell.run("llmcache get request.json");
  CHECK(ran.exit == 1);
  CHECK(ran.out.empty());
  CHECK(ran.err == "the same request is stored as a stream: 'llmcache replay' reads it\n");
}

TEST_CASE("get --why names the endpoint or the sample under which the same request is stored") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"m"})");
  shell.out("echo '{}' | llmcache put request.json --endpoint https://one/v1");
  CHECK(shell.run("llmcache get --why request.json").err.find("it is the same request to https://one/v1") !=
        std::string::npos);
  shell.out("llmcache clear request.json; echo '{}' | llmcache put request.json --sample 3");
  CHECK(shell.run("llmcache get --why request.json").err.find("it is sample 3 of the same request") !=
        std::string::npos);
}

TEST_CASE("get --why distinguishes a stream, another option and an entry that is no longer valid") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.write("response", kStreamed);
  shell.out("llmcache put --stream request.json --response response");
  CHECK(shell.run("llmcache get --why request.json").err.find("stored as a stream") != std::string::npos);
  CHECK(shell.run("llmcache get --why --sample 3 request.json").err.find("it is sample 0 of the same request") !=
        std::string::npos);
}

TEST_CASE("a request and a --key cannot be used together") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  CHECK(shell.run("llmcache get --key some request.json").exit == 2);
}

TEST_CASE("an empty --key is an error, and no request is read in its place") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  for (const auto* command : {"get", "replay"}) {
    const auto ran = shell.run(std::string("llmcache ") + command + " --key \"$UNSET\" < request.json");
    CHECK(ran.exit == 2);
    CHECK(ran.err == "llmcache: error: the value of --key is empty\n");
  }
}

TEST_CASE("an HTML page is not stored as an answer, plain or streamed") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.write("response", "\n<!DOCTYPE html><html>502 Bad Gateway</html>");
  CHECK(shell.run("llmcache put request.json --response response").exit == 7);
  CHECK(shell.run("llmcache put --stream request.json --response response").exit == 7);
}

TEST_CASE("a TTL of 0 stores nothing and says so, however it is set and spelled") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.write("config.json", R"({"ttl": 0})");
  shell.write("text.json", R"({"ttl": "0ms"})");
  shell.out("llmcache put --session other request.json <<< '{}'");  // a store exists
  for (const auto* how : {"--ttl 0", "--ttl 0s", "--ttl=0ms", "--config config.json", "--config text.json"}) {
    INFO(how);
    const auto put = shell.run(std::string("echo '{}' | llmcache put request.json ") + how);
    CHECK(put.exit == 7);
    CHECK(put.err == "llmcache: error: not stored: the TTL is 0\n");
    const auto ran =
        shell.run(std::string("llmcache run ") + how + " -- sh -c 'cat >/dev/null; echo \"{}\"' < request.json");
    CHECK(ran.exit == 0);
    CHECK(ran.out == "{}\n");
    CHECK(ran.err == "llmcache: warning: not stored: the TTL is 0\n");
  }
  CHECK(shell.run("echo '{}' | LLMCACHE_TTL=0 llmcache put request.json").err ==
        "llmcache: error: not stored: the TTL is 0\n");
  CHECK(shell.out("llmcache ls | wc -l") == "1\n");
  shell.out("echo '{}' | LLMCACHE_TTL=0 llmcache put --ttl 1h request.json");
  CHECK(shell.run("llmcache get request.json").exit == 0);
}

TEST_CASE("run --accept stores an error with a mark, for those who ask for it and for nobody else") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  shell.write("error.json", R"({"error":{"message":"quota"}})");
  const std::string run =
      "llmcache run --accept errors -- sh -c 'cat >/dev/null; cat error.json; echo . >> ran' < request.json";
  const auto first = shell.run(run);
  CHECK(first.exit == 0);
  CHECK(first.out == shell.read("error.json"));
  CHECK(first.err.empty());
  CHECK(shell.out(run) == shell.read("error.json"));
  CHECK(shell.read("ran") == ".\n");
  CHECK(nlohmann::json::parse(shell.out("llmcache ls --json")).at("error") == true);
  CHECK(shell.out("llmcache ls --long").find("\terror\t") != std::string::npos);
  const auto other = shell.run("llmcache run -- sh -c 'cat >/dev/null; cat error.json' < request.json");
  CHECK(other.err.starts_with("llmcache: warning: not stored: "));
  shell.write("cut.json", R"({"half)");
  const auto cut =
      shell.run("llmcache run --session b --accept errors -- sh -c 'cat >/dev/null; cat cut.json' < request.json");
  CHECK(cut.err.starts_with("llmcache: warning: not stored: "));
}

TEST_CASE("run warns and stores nothing if the answer is the request itself") {
  const TerminalSession shell;
  shell.write("request.json", kRequest);
  for (const auto* command : {"cat", "tee /dev/null", "sed ''"}) {
    const auto ran = shell.run(std::string("llmcache run -- ") + command + " < request.json");
    INFO(command);
    CHECK(ran.exit == 0);
    CHECK(ran.out == kRequest);
    CHECK(ran.err.starts_with("llmcache: warning: not stored: "));
  }
  CHECK(shell.run("llmcache put request.json --response request.json").exit == 7);
  CHECK(shell.out("llmcache ls").empty());
}
