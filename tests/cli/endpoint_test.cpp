// The endpoint is part of the key: it comes from the endpoint option, or from the URL of the COMMAND that run starts.
#include "cli/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/terminal_session.h"

using llmcache::urls_of;
using llmcache::test::TerminalSession;

namespace {

// Answers as the providers at its URL do, and counts its calls.
constexpr const char* kCurl = R"(#!/bin/bash
echo >> calls
n=$(wc -l < calls)
for argument; do case $argument in http*|--url=*) url=${argument#--url=} ;; esac; done
request=$(cat)
case $url in
  *streamGenerateContent*) printf 'data: {"candidates":[{"content":{"parts":[{"text":"%d"}]},"finishReason":"STOP"}]}\n\n' $n ;;
  *countTokens*) printf '{"totalTokens":%d}' $n ;;
  */api/chat*) case $request in
    *'"stream":false'*) printf '{"model":"m","message":{"role":"assistant","content":"%d"},"done":true,"done_reason":"stop"}' $n ;;
    *) printf '{"model":"m","message":{"role":"assistant","content":"%d"},"done":false}\n' $n
       printf '{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}\n' ;;
    esac ;;
  *azure*) printf '{"object":"chat.completion","choices":[{"index":0,"message":{"content":"%d"},"finish_reason":"stop"}]}' $n ;;
  *) printf '{"candidates":[{"content":{"parts":[{"text":"%d"}],"role":"model"},"finishReason":"STOP"}]}' $n ;;
esac
)";

struct Client : TerminalSession {
  Client() {
    write("curl", kCurl);
    out("chmod +x curl");
    write("request.json", R"({"contents":[{"parts":[{"text":"hi"}]}]})");
  }
  std::string ask(const std::string& url, const std::string& options = "") const {
    return out(fmt::format("llmcache run {} -- ./curl -sSN '{}' -d @- < request.json", options, url));
  }
  std::string calls() const { return out("cat calls 2> /dev/null | wc -l"); }
};

const std::string kGemini = "https://generativelanguage.googleapis.com/v1beta/models/";

// The only URL of a command.
std::optional<std::string> only_url(const std::vector<std::string>& command) {
  const auto urls = urls_of(command);
  return urls.size() == 1 ? std::optional(urls.front()) : std::nullopt;
}

}  // namespace

TEST_CASE("the endpoint is the only URL among the arguments of a known HTTP client") {
  for (const char* program : {"curl", "/usr/bin/curl", "./wget", "http", "https", "xh", "bin/xhs"}) {
    const std::vector<std::string> command{program, "-sS", "https://h/x", "-d", "@-"};
    CHECK(only_url(command) == "https://h/x");
  }
  const std::vector<std::vector<std::string>> with_url{{"curl", "--url", "http://h/"},
                                                       {"curl", "-d", "@-", "--url=http://h/"},
                                                       {"curl", "-H", "Referer: https://other/", "http://h/"}};
  for (const auto& command : with_url) CHECK(only_url(command) == "http://h/");
  CHECK(only_url({"curl", "HTTPS://H/"}) == "HTTPS://H/");
}

TEST_CASE("arguments that add to the query of the URL or replace its path are part of the endpoint") {
  using Command = std::vector<std::string>;
  CHECK(only_url(Command{"curl", "--url-query", "v=1", "https://h/x"}) == "https://h/x?v=1");
  CHECK(only_url(Command{"curl", "https://h/x?a=2#part", "--url-query", "v=1"}) == "https://h/x?a=2&v=1#part");
  CHECK(only_url(Command{"curl", "-G", "-d", "v=1", "--data-urlencode", "w=2", "https://h"}) == "https://h?v=1&w=2");
  CHECK(only_url(Command{"curl", "-sSGdv=1", "-dw=2", "https://h"}) == "https://h?v=1&w=2");
  CHECK(only_url(Command{"curl", "-sSG", "-H", "-d", "https://h"}) == "https://h");
  CHECK(only_url(Command{"curl", "-d", "v=1", "https://h/x"}) == "https://h/x");
  CHECK(only_url(Command{"curl", "--request-target", "/y?z", "https://h/x?q"}) == "https://h/y?z");
  CHECK(only_url(Command{"curl", "https://h/x", "--url-query"}) == "https://h/x");
  CHECK(only_url(Command{"http", "POST", "https://h/x", "v==1", "a==b==c"}) == "https://h/x?v=1&a=b%3D%3Dc");
  CHECK(only_url(Command{"xh", "https://h/x", "header:a==b", "field=a==b", "file@a==b", "==x"}) == "https://h/x");
  CHECK(only_url(Command{"wget", "https://h/x", "v==1"}) == "https://h/x");
}

TEST_CASE("a URL that is the value of another option is not where the request goes") {
  using Command = std::vector<std::string>;
  for (const char* option :
       {"-x", "--proxy", "--prox", "-e", "--referer", "-H", "--header", "-A", "-d", "--json", "--doh-url", "-w"}) {
    CHECK(only_url(Command{"curl", option, "http://other:3128", "https://h/x"}) == "https://h/x");
    CHECK_FALSE(only_url(Command{"curl", option, "http://other:3128", "h/x"}));
  }
  CHECK(only_url(Command{"curl", "-sSx", "http://other", "https://h/x"}) == "https://h/x");
  CHECK(only_url(Command{"curl", "--head", "https://h/x"}) == "https://h/x");
  CHECK(only_url(Command{"curl", "--compressed", "--fail", "--no-buffer", "--location", "https://h/x"}) ==
        "https://h/x");
  for (const char* option : {"--referer", "-U", "--post-data"}) {
    CHECK(only_url(Command{"wget", option, "http://other", "https://h/x"}) == "https://h/x");
  }
  CHECK(only_url(Command{"http", "--proxy", "http:http://other", "--auth", "https://a", "https://h/x"}) ==
        "https://h/x");
}

TEST_CASE("what the client encodes in its query is encoded in the endpoint") {
  using Command = std::vector<std::string>;
  CHECK(only_url(Command{"http", "https://h/p", "lang==C#"}) == "https://h/p?lang=C%23");
  CHECK(only_url(Command{"xh", "https://h/p", R"(a\=b==1&key=2)"}) == "https://h/p?a%3Db=1%26key%3D2");
  CHECK(only_url(Command{"curl", "-G", "--data-urlencode", "q=x&key=1", "https://h/p"}) == "https://h/p?q=x%26key%3D1");
  CHECK(only_url(Command{"curl", "-G", "--data-urlencode", "=a b", "--data-u", "c d", "https://h/p"}) ==
        "https://h/p?a%20b&c%20d");
  CHECK(only_url(Command{"curl", "--ge", "--json", "a=1", "https://h/p"}) == "https://h/p?a=1");
}

TEST_CASE("without a known client or with any other number of URLs there is no endpoint") {
  for (const auto& command : std::vector<std::vector<std::string>>{{},
                                                                   {"curl"},
                                                                   {"curl", "-d", "@-", "h.example/x"},
                                                                   {"curl", "https://a/", "https://b/"},
                                                                   {"curl", "https://a/", "https://a/"},
                                                                   {"curl.sh", "https://a/"},
                                                                   {"python", "https://a/"},
                                                                   {"curl/", "https://a/"},
                                                                   {"https://a/"},
                                                                   {"env", "curl", "https://a/"}}) {
    CHECK_FALSE(only_url(command));
  }
}

TEST_CASE("one body that goes to different URLs has an entry for each, and no API key is ever written") {
  const Client client;
  const std::string key = "?key=$(printf SEC)$(printf RET)&alt=sse";
  const std::string azure = "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=";
  std::vector<std::string> urls;
  for (const auto* model : {"gemini-2.0-flash", "gemini-2.5-pro"}) {
    for (const auto* method : {":generateContent", ":streamGenerateContent", ":countTokens"}) {
      urls.push_back(kGemini + model + method + key);
    }
  }
  urls.insert(urls.end(), {azure + "2024-06-01&api-key=$(printf SEC)$(printf RET)", azure + "2024-10-21",
                           "http://127.0.0.1:1/v1/x", "http://localhost:1/v1/x"});
  std::vector<std::string> answers;
  for (const std::string& url : urls) {
    answers.push_back(client.out("llmcache run -v -- ./curl -sSN \"" + url + "\" -d @- < request.json"));
    CHECK(client.read(".err").find("SECRET") == std::string::npos);
  }
  for (std::size_t i = 0; i < urls.size(); ++i) {
    CHECK(client.out("llmcache run -- ./curl -sSN \"" + urls[i] + "\" -d @- < request.json") == answers[i]);
    CHECK(std::ranges::count(answers, answers[i]) == 1);
  }
  CHECK(client.calls() == std::to_string(urls.size()) + "\n");
  CHECK(client.out("llmcache ls -0 | tr -dc '\\0' | wc -c") == std::to_string(urls.size()) + "\n");
  client.out("llmcache ls --long > listed; llmcache ls --json >> listed; llmcache show $(llmcache hash --endpoint \"" +
             urls[0] + "\" request.json) > shown; llmcache config list --endpoint \"" + urls[0] + "\" > config");
  CHECK(client.read("shown").find("gemini-2.0-flash:generateContent?alt=sse") != std::string::npos);
  CHECK(client.out("grep -ra $(printf SEC)$(printf RET) . ; true").empty());
}

TEST_CASE("Ollama's chat without stream, with false and with true has three entries, each of its kind") {
  const Client client;
  const std::string url = "http://127.0.0.1:11434/api/chat";
  std::vector<std::string> answers;
  const std::vector<std::string> requests{R"({"model":"m","messages":[]})",
                                          R"({"model":"m","messages":[],"stream":false})",
                                          R"({"model":"m","messages":[],"stream":true})"};
  for (const std::string& request : requests) {
    client.write("request.json", request);
    answers.push_back(client.ask(url));
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    client.write("request.json", requests[i]);
    CHECK(client.ask(url) == answers[i]);
    const std::string command = i == 1 ? "get" : "replay";
    CHECK(client.out("llmcache " + command + " request.json --endpoint " + url) == answers[i]);
  }
  CHECK(client.calls() == "3\n");
  CHECK(client.out("llmcache ls --json | jq -r .kind | sort | uniq -c | tr -s ' '") == " 1 response\n 2 stream\n");
}

TEST_CASE("the endpoint option takes precedence over COMMAND's URL, with a warning if they differ") {
  const Client client;
  const std::string url = "https://h/v1?key=KEY";
  client.ask(url, "--endpoint https://other/");
  CHECK(
      client.read(".err") ==
      "llmcache: warning: the endpoint option says https://other/, but the URL of COMMAND is https://h/v1; the option "
      "counts\n");
  client.ask("https://h/v1", "--endpoint HTTPS://H:443/v1?token=t");
  CHECK(client.read(".err").empty());
  client.write("request.json", R"({"model":"m"})");
  client.ask(url, "--endpoint none");
  CHECK(client.read(".err").empty());
  CHECK(client.out("llmcache ls --json | jq -r '.endpoint // \"none\"' | sort") ==
        "https://h/v1\nhttps://other/\nnone\n");
}

TEST_CASE("the endpoint may come from the environment and the configuration, also as auto or none") {
  const Client client;
  client.write(".config/llmcache/config.json", R"({"endpoint":"prod-eu"})");
  const std::string key = client.out("llmcache hash request.json");
  CHECK(key.find("_at_") != std::string::npos);
  CHECK(client.out("llmcache hash --endpoint prod-eu request.json") == key);
  CHECK(client.out("LLMCACHE_ENDPOINT=prod-us llmcache hash request.json") != key);
  for (const auto* word : {"auto", "none"}) {
    CHECK(client.out(fmt::format("llmcache hash --endpoint {} request.json", word)).find("_at_") == std::string::npos);
  }
  for (const auto* bad : {"''", "https://", "\"$(printf 'a\\nb')\""}) {
    CHECK(client.run(fmt::format("llmcache hash --endpoint {} request.json", bad)).exit == 2);
  }
}

TEST_CASE("a request without a model and without an endpoint runs uncached, with one warning") {
  const Client client;
  const auto twice = [&](const std::string& options) {
    const std::string line = "llmcache run " + options + " -- sh -c 'echo >> calls; echo \"{}\"' < request.json;";
    client.out("rm -f calls; " + line + line);
    return client.calls();
  };
  CHECK(twice("") == "2\n");
  const auto ran = client.run("llmcache run -- echo answer < request.json");
  CHECK(ran.exit == 0);
  CHECK(ran.out == "answer\n");
  CHECK(std::ranges::count(ran.err, '\n') == 1);
  CHECK(ran.err.find("has no model") != std::string::npos);
  CHECK(twice("--no-model") == "1\n");
  CHECK(twice("--endpoint prod") == "1\n");
  CHECK(twice("--endpoint none --mode refresh") == "2\n");
  CHECK(client.out("llmcache ls -0 | tr -dc '\\0' | wc -c") == "2\n");
}

TEST_CASE("put warns of a request without a model and without an endpoint") {
  const Client client;
  const auto warning = [&](const std::string& request, const std::string& options) {
    client.write("request.json", request);
    client.out("echo '{\"a\":1}' | llmcache put request.json " + options);
    return client.read(".err");
  };
  CHECK(warning("{}", "").find("llmcache: warning: the request has no model") == 0);
  CHECK(warning("{}", "--endpoint prod").empty());
  CHECK(warning("{}", "--no-model").empty());
  CHECK(warning(R"({"model":null})", "").empty());
  CHECK(warning(R"({"x":{"model":"m"}})", "").find("has no model") != std::string::npos);
}

TEST_CASE("on a miss get, replay and run -v name the other endpoints of the same body") {
  const Client client;
  client.write("request.json", R"({"model":"m"})");
  client.ask("https://one/x?key=K");
  client.ask("https://two/x");
  const std::string named = "the same request is stored for https://one/x, https://two/x; --endpoint selects one\n";
  for (const auto* command : {"get", "replay"}) {
    const auto ran = client.run(fmt::format("llmcache {} request.json", command));
    CHECK(ran.exit == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err.ends_with(named));
  }
  client.ask("https://three/x", "-v");
  CHECK(client.read(".err").find(named) != std::string::npos);
  client.out("echo '{\"a\":1}' | llmcache put request.json --endpoint none");
  CHECK(client.run("llmcache get --endpoint https://four/ request.json")
            .err.find("stored for https://one/x, https://three/x, https://two/x, no endpoint;") != std::string::npos);
  CHECK(client.run("echo '{\"model\":\"n\"}' | llmcache get").err.empty());
}

TEST_CASE("show, reject and touch of a request without an entry name the endpoints that have one") {
  const Client client;
  client.write("request.json", R"({"model":"m"})");
  client.ask("https://one/x");
  for (const auto* command : {"show", "reject", "touch --ttl 1h"}) {
    const auto ran = client.run(fmt::format("llmcache {} request.json", command));
    CHECK(ran.exit == 1);
    CHECK(ran.err.starts_with("there is no entry llmcache:default_"));
    CHECK(ran.err.ends_with("the same request is stored for https://one/x; --endpoint selects one\n"));
  }
}

TEST_CASE("get --why knows a stream, and an entry that was named and does not exist") {
  const Client client;
  client.write("stream.json", R"({"model":"m","stream":true})");
  client.out(R"(printf 'data: {"a":1}\n\n' | llmcache put stream.json)");
  CHECK(client.run("llmcache get --why stream.json").err.ends_with("stored as a stream: 'llmcache replay' reads it\n"));
  CHECK(client.run("llmcache get --why --key llmcache:default_0123456789abcdef0123456789abcdef").err ==
        "no entry is stored under this name\n");
}

TEST_CASE("hash, show and ls show the endpoint, the session, the hash and the sample") {
  const Client client;
  const std::string options = "--endpoint 'https://H:443/x?key=K' --session team --sample 3 ";
  client.out("echo '{\"a\":1}' | llmcache put request.json " + options);
  const std::string key = client.out("llmcache hash request.json " + options);
  const std::string hash = client.out("llmcache hash --hash-only request.json");
  const auto check = [&](const std::string& text) {
    const auto row = nlohmann::json::parse(text);
    CHECK(row.at("endpoint") == "https://h/x");
    CHECK(row.at("session") == "team");
    CHECK(row.at("hash").get<std::string>() + "\n" == hash);
    CHECK(row.at("sample") == 3);
  };
  check(client.out("llmcache ls --json"));
  check(client.out("llmcache show --json " + key));
  const std::string row = client.out("llmcache ls --long | tail -n 1");
  CHECK(row.ends_with("\tteam\t" + hash.substr(0, 32) + "\t3\thttps://h/x\n"));
  CHECK(client.out("llmcache hash --explain request.json " + options).find("https://h/x") != std::string::npos);
  CHECK(client.out("llmcache hash --explain --json request.json " + options)
            .starts_with("{\"schema\":\"llmcache.endpoint/1\",\"endpoint\":\"https://h/x\"}\n"));
}

TEST_CASE("ls and purge with --endpoint take the entries whose endpoint matches") {
  const Client client;
  for (const auto* url : {"https://one/x", "https://one/y", "https://two/x"}) client.ask(url);
  CHECK(client.out("llmcache ls -0 --endpoint 'https://one/*' | tr -dc '\\0' | wc -c") == "2\n");
  CHECK(client.out("llmcache purge --yes --json --endpoint 'https://*/x'").find("\"entries\":2") != std::string::npos);
  CHECK(client.out("llmcache ls --json | jq -r .endpoint") == "https://one/y\n");
}
