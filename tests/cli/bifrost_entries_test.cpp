// --compat bifrost: entries of a gateway in a real Redis, and of our own in any store.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/terminal_session.h"
#include "support/gateway_data.h"
#include "support/paths.h"
#include "support/redis_server.h"

using llmcache::test::TerminalSession;
using nlohmann::json;

namespace {

struct GatewayRedis {
  support::GatewayData data{LLMCACHE_TEST_DATA "/golden"};
  support::RedisServer server;
  TerminalSession shell;

  GatewayRedis() {
    for (const auto& [name, value] : data.values) set(name, value);
    shell.write("request.json", data.request);
    shell.write("response.json", data.values.at(data.key));
    shell.write("stream.sse", data.events());
    shell.write(".config/llmcache/config.json", json{{"store", server.url()},
                                                     {"compat", "bifrost"},
                                                     {"prefix", "bifrost:cache:"},
                                                     {"session", "my-session"},
                                                     {"ttl", "1h"},
                                                     {"deadline", "30s"}}
                                                    .dump());
  }
  void set(const std::string& name, const std::string& value) { server.command({"SET", name, value, "PX", "3600000"}); }
  std::map<std::string, std::string> stored() {
    std::map<std::string, std::string> values;
    std::istringstream names(server.command({"KEYS", "*"}));
    for (std::string name; std::getline(names, name);) values[name] = server.command({"GET", name});
    return values;
  }
};

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE_METHOD(GatewayRedis, "get prints a gateway's response as it is stored, by request and by key") {
  CHECK(shell.out("llmcache get request.json") == data.values.at(data.key));
  for (const auto* suffix : {"", "_stream", "_chunk_3"}) {
    CHECK(shell.out(fmt::format("llmcache get --key {}{}", data.key, suffix)) == data.values.at(data.key));
  }
  CHECK(shell.run("llmcache get request.json --session other").exit == 1);
  const auto meta = json::parse(shell.run("llmcache get --meta request.json").err);
  CHECK(meta["model"] == "gpt-4o-mini-2024-07-18");
  CHECK(meta["provider"] == "openai");
  CHECK(meta["ttl_ms"] > 0);
  CHECK(meta["ttl_ms"] <= 3600000);
}

TEST_CASE_METHOD(GatewayRedis, "of a hash with a response and a stream get and replay choose by kind") {
  shell.out("llmcache put request.json < response.json; llmcache put --stream request.json < stream.sse");
  const std::string hash = "$(llmcache hash request.json | grep -o '[0-9a-f]*$')";
  CHECK(shell.out("llmcache get " + hash) == shell.out("llmcache get request.json"));
  CHECK(shell.out("llmcache replay " + hash) == shell.out("llmcache replay request.json"));
  CHECK(shell.run("llmcache show " + hash).exit == 2);
}

TEST_CASE_METHOD(GatewayRedis, "get --annotate prints the answer that the plugin serves on a hit") {
  CHECK(json::parse(shell.out("llmcache get --annotate request.json")) == json::parse(data.hit_response));
  CHECK(shell.run("llmcache get --annotate --compat native request.json").exit == 2);
}

TEST_CASE_METHOD(GatewayRedis, "replay prints a gateway's stream as its chunks, as events, and as text") {
  std::string chunks;
  for (std::size_t i = 0; i < data.hit_chunks.size(); ++i) chunks += data.values.at(data.chunk_name(i)) + "\n";
  CHECK(shell.out("llmcache replay request.json") == chunks);
  CHECK(shell.out("llmcache replay --as raw --key " + data.chunk_name(3)) == chunks);
  CHECK(shell.out("llmcache replay --as sse request.json") == data.events());
  CHECK(shell.out("llmcache replay --as text request.json") ==
        "XXH3, wyhash and \"komihash\" — they read <64> bytes & more per round.\n");
}

TEST_CASE_METHOD(GatewayRedis, "replay --annotate prints the answer that the plugin serves on a hit") {
  const auto lines = lines_of(shell.out("llmcache replay --annotate request.json"));
  REQUIRE(lines.size() == data.hit_chunks.size());
  for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i] == json::parse(data.hit_chunks[i]));
  const std::string events = shell.out("llmcache replay --annotate --as sse request.json");
  CHECK(events.find("bifrost_cached") != std::string::npos);
  CHECK(events.ends_with("data: [DONE]\n\n"));
}

TEST_CASE_METHOD(GatewayRedis, "replay --allow-partial prints the chunks that are there, and exits with 6") {
  server.command({"DEL", data.chunk_name(2)});
  const auto ran = shell.run("llmcache replay --allow-partial request.json");
  CHECK(ran.exit == 6);
  CHECK(lines_of(ran.out).size() == data.hit_chunks.size() - 1);
  CHECK(ran.err.find("chunk 2 is missing") != std::string::npos);
}

TEST_CASE_METHOD(GatewayRedis, "a plugin's configuration file works as it is") {
  shell.write("plugin.json", json{{"addr", fmt::format("127.0.0.1:{}", server.port())},
                                  {"username", ""},
                                  {"password", ""},
                                  {"db", 0},
                                  {"cache_key", "bifrost-cache-key"},
                                  {"ttl", 3600000000000},
                                  {"prefix", "bifrost:cache:"},
                                  {"cache_by_model", true},
                                  {"cache_by_provider", true},
                                  {"pool_size", 4},
                                  {"dial_timeout", 500000000},
                                  {"context_timeout", 10000000000}}
                                 .dump());
  const auto get = [&](const std::string& name) {
    return shell.out("llmcache --config plugin.json config get " + name);
  };
  CHECK(get("ttl") == "3600000ms\n");
  CHECK(get("connect_timeout") == "500ms\n");
  CHECK(get("timeout") == "10000ms\n");
  CHECK(get("pool_size") == "4\n");
  CHECK(get("compat") == "bifrost\n");
  CHECK(get("session") == "default\n");
  const auto ran = shell.run("llmcache --config plugin.json --session my-session get request.json");
  CHECK(ran.out == data.values.at(data.key));
  CHECK(ran.err.empty());
  CHECK(shell.out("llmcache --config plugin.json --session my-session replay --as sse request.json") == data.events());
}

TEST_CASE_METHOD(GatewayRedis,
                 "a gateway's stream without one of its later chunks is a miss, or damage with --strict") {
  for (std::size_t i = 1; i < data.hit_chunks.size(); ++i) {
    const std::string name = data.chunk_name(i);
    server.command({"DEL", name});
    const auto ran = shell.run("llmcache replay request.json");
    CHECK(ran.exit == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("llmcache: warning: "));
    if (i == 3) CHECK(shell.run("llmcache replay --strict request.json").exit == 6);
    set(name, data.values.at(name));
  }
  CHECK(shell.run("llmcache replay request.json").exit == 0);
}

TEST_CASE_METHOD(GatewayRedis, "ls and show print the metadata that a gateway's entries contain") {
  const auto rows = lines_of(shell.out("llmcache ls --sort name --json"));
  REQUIRE(rows.size() == data.values.size());
  CHECK(rows[0]["name"] == data.key);
  CHECK(rows[0]["kind"] == "response");
  CHECK(rows[0]["model"] == "gpt-4o-mini-2024-07-18");
  CHECK(rows[1]["kind"] == "stream");
  CHECK(rows[1]["ttl_ms"] > 0);
  const std::string shown = shell.out("llmcache show " + data.key);
  CHECK(shown.find("\"kind\": \"response\"") != std::string::npos);
  CHECK(shown.find("\"kind\": \"stream\"") != std::string::npos);
  CHECK(shell.out("llmcache show --response " + data.key) == data.values.at(data.key));
  CHECK(shell.out("llmcache show --stream " + data.key) == data.events());
  CHECK(shell.out("llmcache show --raw " + data.chunk_name(3)) == data.values.at(data.chunk_name(3)));
  CHECK(shell.run("llmcache show --request " + data.key).exit == 1);
}

TEST_CASE_METHOD(GatewayRedis,
                 "clear takes the key of a response, of a stream or of one chunk, and leaves others alone") {
  const std::string other = data.key.substr(0, data.key.size() - 1) + "0";
  for (const std::string& key : {data.key, data.key + "_stream", data.key + "_chunk_", data.chunk_name(12)}) {
    for (const auto& [name, value] : data.values) set(name, value);
    set(other, "{}");
    set(data.key + "_chunk_x", "{}");
    CHECK(shell.run("llmcache clear " + key).exit == 0);
    CHECK(server.command({"DBSIZE"}) == "2");
    CHECK(shell.run("llmcache clear " + key).exit == 1);
  }
  for (const auto& [name, value] : data.values) set(name, value);
  CHECK(shell.run("llmcache clear --request request.json").exit == 0);
  CHECK(server.command({"DBSIZE"}) == "2");
}

TEST_CASE_METHOD(GatewayRedis,
                 "purge takes its prefix literally, lists the entries that it would remove, and needs a prefix") {
  set("bifrost:cachX:my-session_1", "{}");
  CHECK(shell.run("llmcache purge --yes ''").exit == 2);
  const auto dry = shell.run("llmcache purge --dry-run bifrost:cache:");
  CHECK(static_cast<std::size_t>(std::ranges::count(dry.out, '\n')) == data.values.size());
  CHECK(server.command({"DBSIZE"}) == std::to_string(data.values.size() + 1));
  CHECK(shell.run("llmcache purge --yes bifrost:cache: --model 'claude*'").exit == 1);
  CHECK(shell.run("llmcache purge --yes bifrost:cache: --model 'gpt-4o*'").exit == 0);
  CHECK(server.command({"DBSIZE"}) == "1");
}

TEST_CASE_METHOD(GatewayRedis, "put writes the same values as the plugin, with the TTL") {
  const auto written = stored();
  server.command({"FLUSHALL"});
  shell.out("llmcache put request.json --response response.json");
  shell.out("llmcache put --stream request.json --response stream.sse");
  CHECK(stored() == written);
  for (const auto& [name, value] : written) {
    const auto left = std::stol(server.command({"PTTL", name}));
    CHECK(left > 3500000);
    CHECK(left <= 3600000);
  }
}

TEST_CASE_METHOD(GatewayRedis, "put refuses a stream that is cut, and an answer that a gateway could not serve") {
  server.command({"FLUSHALL"});
  shell.write("cut.sse", data.events().substr(0, 1500));
  for (const auto* line :
       {"llmcache put --stream request.json --response cut.sse", "echo text | llmcache put request.json",
        "echo '{\"error\":{\"message\":\"no\"}}' | llmcache put request.json"}) {
    CHECK(shell.run(line).exit == 7);
  }
  CHECK(server.command({"DBSIZE"}) == "0");
}

TEST_CASE("a gateway's layout is the same in an SQLite file") {
  const support::GatewayData data(LLMCACHE_TEST_DATA "/golden");
  const TerminalSession shell;
  shell.write("request.json", data.request);
  shell.write("response.json", data.values.at(data.key));
  shell.write("stream.sse", data.events());
  shell.write(".config/llmcache/config.json",
              R"({"compat": "bifrost", "prefix": "bifrost:cache:", "session": "my-session"})");
  shell.out("llmcache put request.json --response response.json");
  shell.out("llmcache put --stream request.json --response stream.sse");
  CHECK(shell.out("llmcache get request.json") == data.values.at(data.key));
  CHECK(shell.out("llmcache show --stream " + data.key) == data.events());
  CHECK(lines_of(shell.out("llmcache ls --json")).size() == data.values.size());
  for (const char* ttl : {"0", "0s", "-1s", "-5m"}) {
    CHECK(shell.run(fmt::format("llmcache put --stream --ttl={} request.json --response stream.sse", ttl)).exit == 0);
    CHECK(shell.run("llmcache replay request.json").exit == 0);
    CHECK(lines_of(shell.out("llmcache ls --json"))[1]["ttl_ms"].is_null());
  }
  CHECK(shell.run("llmcache --compat native put --ttl=-1s request.json --response response.json").exit == 2);
  CHECK(shell.run("llmcache clear " + data.chunk_name(2)).exit == 0);
  CHECK(shell.out("llmcache ls").empty());
}

TEST_CASE_METHOD(GatewayRedis, "doctor says that a gateway's keys can be forged") {
  CHECK(shell.run("llmcache doctor").out.find("[WARN] keys: a gateway's keys") != std::string::npos);
  CHECK(shell.run("llmcache doctor --compat native").out.find("] keys: ") == std::string::npos);
}

TEST_CASE("get --why says that a gateway's entries hold no requests") {
  const TerminalSession shell;
  const auto ran = shell.run(R"(echo '{"model":"p/m","text":"x"}' | llmcache get --why --compat bifrost)");
  CHECK(ran.exit == 1);
  CHECK(ran.err.find("llmcache diff") != std::string::npos);
}

TEST_CASE("a plugin's configuration names users, passwords and databases, and unset members keep their defaults") {
  const TerminalSession shell;
  shell.write("plugin.json", R"({"addr":":7000","username":"a b","password":"s3cret","db":3,"read_timeout":-1,)"
                             R"("cache_by_model":false,"conn_max_idle_time":1500000})");
  const auto get = [&](const std::string& name) {
    return shell.out("llmcache --config plugin.json config get " + name);
  };
  CHECK(get("store") == "redis://a%20b@localhost:7000/3\n");
  CHECK(get("password") == "***\n");
  CHECK(get("ttl") == "5m\n");
  CHECK(get("by_model") == "false\n");
  CHECK(get("by_provider") == "true\n");
  CHECK(get("conn_max_idle_time") == "2ms\n");
  CHECK(get("prefix") == "\n");
  for (const auto& [ttl, expected] : {std::pair("0", "never\n"), {"-1", "never\n"}, {"1", "1ms\n"}, {"null", "5m\n"}}) {
    shell.write("plugin.json", fmt::format(R"({{"addr":"h","ttl":{}}})", ttl));
    CHECK(get("ttl") == expected);
  }
  for (const auto* file : {R"({"addr":7})", R"({"addr":"u:p@h"})", R"({"addr":"h:x"})", R"({"addr":"h","db":"x"})",
                           R"({"addr":"h","ttl":"soon"})", R"({"addr":"h","ttl_seconds":1.5})"}) {
    shell.write("bad.json", file);
    CHECK(shell.run("llmcache --config bad.json config list").exit == 2);
  }
}

TEST_CASE("a file with ttl_seconds is in the gateway's form, in which unset by_model and by_provider are false") {
  const TerminalSession shell;
  const auto get = [&](const std::string& file, const std::string& name) {
    shell.write("gateway.json", file);
    return shell.out("llmcache --config gateway.json config get " + name);
  };
  const std::string minimal = R"({"addr":"h:7000","ttl_seconds":90})";
  CHECK(get(minimal, "compat") == "bifrost\n");
  CHECK(get(minimal, "store") == "redis://h:7000\n");
  CHECK(get(minimal, "ttl") == "90s\n");
  CHECK(get(minimal, "by_model") == "false\n");
  CHECK(get(minimal, "by_provider") == "false\n");
  CHECK(get(R"({"addr":"h","ttl_seconds":0,"cache_by_model":true})", "ttl") == "never\n");
  CHECK(get(R"({"addr":"h","ttl_seconds":0,"cache_by_model":true})", "by_model") == "true\n");
  CHECK(get(R"({"addr":"h","ttl_seconds":null,"cache_by_provider":null})", "by_provider") == "false\n");
  CHECK(get(R"({"addr":"h","ttl_seconds":null})", "ttl") == "5m\n");
}

TEST_CASE("doctor and hash warn about a prefix or session that the plugin takes for a pattern") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"p/m","text":"x"})");
  for (const char* option : {"--prefix 'a*'", "--session 'a?'", "--session '[a]'", "--prefix 'a\\b'"}) {
    const auto hash = shell.run(fmt::format("llmcache hash --compat bifrost {} request.json", option));
    CHECK(hash.exit == 0);
    CHECK(hash.err.starts_with("llmcache: warning: "));
    CHECK(shell.run(fmt::format("llmcache doctor --compat bifrost {}", option)).out.find("takes for a pattern") !=
          std::string::npos);
    CHECK(shell.run(fmt::format("llmcache hash --compat native {} request.json", option)).err.empty());
  }
  CHECK(shell.run("llmcache hash --compat bifrost --prefix 'a:' --session b-c request.json").err.empty());
}

TEST_CASE_METHOD(GatewayRedis, "filters take or leave a gateway's stream as a whole") {
  const std::string in = "--session filtered";
  shell.write("request.json", R"({"model":"openai/m","stream":true,"messages":[{"role":"user","content":"f"}]})");
  shell.write("stream",
              "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"A long beginning of the answer. "
              "A long beginning of the answer.\"}}]}\n\n"
              "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Tail.\"}}]}\n\n"
              "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
  shell.out("llmcache put request.json --response stream " + in);
  const std::string lines = shell.out("llmcache export " + in + " | wc -l");
  const std::string whole = shell.out("llmcache replay --as text request.json " + in);
  for (const auto* filter : {"--larger-than 200", "--larger-than 100000", "--newer-than 1h", "--model nothing"}) {
    INFO(filter);
    const std::string exported = shell.out("llmcache export " + in + ' ' + filter + " | wc -l");
    CHECK((exported == lines || exported == "0\n"));
  }
  CHECK(shell.run("llmcache purge --yes --larger-than 100000 " + in).out.empty());
  CHECK(shell.out("llmcache replay --as text request.json " + in) == whole);
  shell.run("llmcache purge --yes --larger-than 200 " + in);
  CHECK(shell.out("llmcache ls " + in).empty());
}

TEST_CASE("under bifrost an answer is stored only where a lookup of the request finds it") {
  const TerminalSession shell;
  const std::string response = R"({"choices":[{"index":0,"finish_reason":"stop","message":{"content":"hi"}}]})";
  const std::string stream =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\ndata: "
      "[DONE]\n\n";
  const std::string far = R"(data: {"choices":[{"index":0,"delta":{"content":"A"},"finish_reason":"stop"}],)"
                          R"("extra_fields":{"chunk_index":200}})"
                          "\n\ndata: [DONE]\n\n";
  shell.write("plain.json", R"({"model":"openai/m","messages":[{"role":"user","content":"x"}]})");
  shell.write("stream.json", R"({"model":"openai/m","stream":true,"messages":[{"role":"user","content":"x"}]})");
  for (const auto& [request, answer, reason] :
       {std::tuple{"stream.json", response, "the request asks for a stream, which this answer is not"},
        std::tuple{"plain.json", stream, "the request does not ask for a stream, which this answer is"},
        std::tuple{"stream.json", far, "no lookup finds it"}}) {
    INFO(reason);
    shell.write("answer", answer);
    const auto ran = shell.run(std::string("llmcache run --compat bifrost --request ") + request + " -- cat answer");
    CHECK(ran.exit == 0);
    CHECK(ran.out == answer);
    CHECK(ran.err.find(reason) != std::string::npos);
    CHECK(shell.out("llmcache ls --compat bifrost").empty());
  }
}

TEST_CASE("a stream of plain chat chunks is stored with the members that the plugin reads") {
  const TerminalSession shell;
  shell.write("request.json", R"({"model":"mistral/m","stream":true,"messages":[{"role":"user","content":"x"}]})");
  shell.write("plain.sse",
              "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
              "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"delta\":{}}]}\n\ndata: [DONE]\n\n");
  shell.out("llmcache put --compat bifrost request.json --response plain.sse");
  const auto chunks = lines_of(shell.out("llmcache replay --compat bifrost request.json"));
  REQUIRE(chunks.size() == 2);
  CHECK(chunks[1]["extra_fields"]["chunk_index"] == 1);
  CHECK(chunks[1]["extra_fields"]["provider"] == "mistral");
  shell.write("odd.json", R"({"choices":[{"index":"0"}]})");
  shell.write("request.json", R"({"model":"mistral/m","messages":[{"role":"user","content":"x"}]})");
  const auto ran = shell.run("llmcache put --compat bifrost request.json --response odd.json");
  CHECK(ran.exit == 7);
  CHECK(ran.err.find("/choices/0/index") != std::string::npos);
}
