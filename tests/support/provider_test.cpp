#include "support/provider.h"

#include <sys/wait.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "support/paths.h"

using support::Provider;

namespace {

const std::string kPlain = R"('{"model":"m","messages":[]}')";
const std::string kStream = R"('{"model":"m","messages":[],"stream":true}')";

struct Output {
  std::string text;
  int code = -1;
};

Output shell(const std::string& command) {
  Output output;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (std::size_t size; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.text.append(buffer, size);
  output.code = WEXITSTATUS(pclose(pipe));
  return output;
}

Output post(const Provider& provider, const std::string& path, const std::string& body, const std::string& flags = "") {
  return shell("curl -sSN " + flags + " -d " + body + " '" + provider.url(path) + "' 2>/dev/null");
}

std::string show(const Provider& provider, const std::string& path) {
  return shell("curl -sS " + provider.url(path)).text;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// A folder with one file; removed by the destructor.
struct FolderWith {
  std::filesystem::path path;
  FolderWith(const std::string& name, const std::string& content) {
    std::string pattern = std::filesystem::temp_directory_path() / "provider-XXXXXX";
    path = mkdtemp(pattern.data());
    std::ofstream(path / name, std::ios::binary) << content;
  }
  ~FolderWith() { std::filesystem::remove_all(path); }
};

constexpr int kCurlPartialFile = 18;

}  // namespace

TEST_CASE("a plain request is answered in its provider's format") {
  const Provider provider;
  const auto chat = nlohmann::json::parse(post(provider, "/v1/chat/completions?chunks=2", kPlain).text);
  CHECK(chat.at("model") == "m");
  CHECK(chat.at("choices").at(0).at("message").at("content") == "word0 word1 ");
  const auto response = nlohmann::json::parse(post(provider, "/v1/responses?chunks=2", kPlain).text);
  CHECK(response.at("output").at(0).at("content").at(0).at("text") == "word0 word1 ");
  const auto message = nlohmann::json::parse(post(provider, "/v1/messages?chunks=2", kPlain).text);
  CHECK(message.at("content").at(0).at("text") == "word0 word1 ");
}

TEST_CASE("a stream has one event for each word and ends as its protocol requires") {
  const Provider provider;
  const auto chat = post(provider, "/v1/chat/completions?chunks=20", kStream).text;
  CHECK(count(chat, R"("content":"word)") == 20);
  CHECK(chat.ends_with("data: [DONE]\n\n"));
  const auto response = post(provider, "/v1/responses?chunks=20", kStream).text;
  CHECK(count(response, "event: response.output_text.delta\n") == 20);
  CHECK(count(response, "event: response.completed\n") == 1);
  const auto message = post(provider, "/v1/messages?chunks=20", kStream).text;
  CHECK(count(message, "event: content_block_delta\n") == 20);
  CHECK(message.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
}

TEST_CASE("an event leaves before the next one is due") {
  auto provider = std::make_unique<Provider>();
  const auto command = "curl -sN -d " + kStream + " '" + provider->url("/v1/messages?delay_ms=3600000") + "'";
  FILE* pipe = popen(command.c_str(), "r");
  char line[64];
  REQUIRE(fgets(line, sizeof line, pipe));
  CHECK(std::string(line) == "event: message_start\n");
  provider.reset();
  while (fgets(line, sizeof line, pipe)) {
  }
  CHECK(WEXITSTATUS(pclose(pipe)) == kCurlPartialFile);
}

TEST_CASE("calls are counted and the last request is kept, however large") {
  const Provider provider;
  CHECK(show(provider, "/calls") == "0");
  post(provider, "/v1/responses", kPlain);
  CHECK(show(provider, "/first-byte").size() == std::string("1763769600000000000").size());
  const FolderWith folder("request.json", "{\"text\":\"" + std::string(100'000, 'x') + "\"}");
  const auto body = "@" + (folder.path / "request.json").string();
  CHECK(nlohmann::json::parse(post(provider, "/v1/chat/completions", body).text).contains("choices"));
  CHECK(show(provider, "/last-request").size() == 100'011);
  CHECK(show(provider, "/calls") == "2");
  CHECK(provider.calls() == 2);
}

TEST_CASE("it fails with a status or an error body on demand") {
  const Provider provider;
  const std::string status = "-w '%{http_code}' -o /dev/null";
  CHECK(post(provider, "/v1/chat/completions?fail=429", kStream, status).text == "429");
  CHECK(post(provider, "/v1/chat/completions?fail=500", kPlain, status).text == "500");
  CHECK(post(provider, "/v1/chat/completions?fail=error", kStream, status).text == "200");
  CHECK(nlohmann::json::parse(post(provider, "/v1/responses?fail=error", kPlain).text).contains("error"));
  CHECK(nlohmann::json::parse(post(provider, "/v1/messages?fail=error", kPlain).text).at("type") == "error");
  CHECK(count(post(provider, "/v1/messages?fail=error-event", kStream).text, "event: error\n") == 1);
}

TEST_CASE("a cut answer ends without the end of its body") {
  const Provider provider;
  const auto whole = post(provider, "/v1/chat/completions", kStream);
  CHECK(whole.code == 0);
  const auto half = post(provider, "/v1/chat/completions?fail=cut", kStream);
  CHECK(half.code == kCurlPartialFile);
  CHECK(half.text == whole.text.substr(0, whole.text.size() / 2));
  const auto ten = post(provider, "/v1/messages?cut_at=10", kPlain);
  CHECK(ten.code == kCurlPartialFile);
  CHECK(ten.text == R"({"id":"msg)");
}

TEST_CASE("an unfinished stream ends properly but does not say that it is whole") {
  const Provider provider;
  const auto output = post(provider, "/v1/chat/completions?fail=unfinished", kStream);
  CHECK(output.code == 0);
  CHECK(count(output.text, "word7") == 1);
  CHECK(count(output.text, "[DONE]") + count(output.text, R"("stop")") == 0);
}

TEST_CASE("a file is served byte for byte, in pieces that can be cut anywhere") {
  const std::string stream = "data: 1\r\n\r\n: comment\r\n\r\ndata: 2\r\n\r\n";
  const FolderWith folder("a.sse", stream);
  const Provider provider({folder.path});
  CHECK(post(provider, "/files/a.sse", "''").text == stream);
  CHECK(post(provider, "/files/a.sse?cut_at=12", "''").text == stream.substr(0, 12));
  CHECK(post(provider, "/files/b.sse", "''").text == "no such file\n");
}

TEST_CASE("a scenario that is not understood is a bad request") {
  const Provider provider;
  for (const std::string query : {"fail=sometimes", "chunks=-1", "chunks=many", "colour=red"})
    CHECK(post(provider, "/v1/messages?" + query, kPlain, "-w '%{http_code}'").text == "400");
}

TEST_CASE("the program prints its port and ends when stdin closes") {
  const auto served = shell("bash -c 'coproc P { exec " LLMCACHE_PROVIDER
                            "; }; pid=$P_PID; read -r port <&${P[0]}; curl -sS http://127.0.0.1:$port/calls; "
                            "eval \"exec ${P[1]}>&-\"; wait $pid; echo \", ended with $?\"'");
  CHECK(served.text == "0, ended with 0\n");
}

TEST_CASE("the program ends after its lifetime although stdin is open") {
  CHECK(shell("bash -c 'coproc P { exec " LLMCACHE_PROVIDER " --lifetime 0; }; wait $P_PID; echo $?'").text == "0\n");
}
