#include "support/provider.h"

#include <httplib.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>

#include "support/provider_answers.h"
#include "support/provider_scenario.h"

namespace support {
namespace {

// Every unfinished answer occupies a thread, also while it pauses.
constexpr std::size_t kThreads = 32;

std::string nanoseconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::to_string(std::chrono::nanoseconds(now).count());
}

// The position at which a body is cut off, if any.
std::optional<std::size_t> cut_position(const HttpAnswer& answer, const Scenario& scenario) {
  if (scenario.fault != Scenario::Fault::cut) return scenario.cut_at;
  return std::accumulate(answer.pieces.begin(), answer.pieces.end(), std::size_t{0},
                         [](std::size_t sum, const std::string& piece) { return sum + piece.size(); }) /
         2;
}

}  // namespace

struct Provider::State {
  std::filesystem::path files;
  httplib::Server server;
  int port = 0;
  std::thread thread;

  std::mutex mutex;
  std::condition_variable stopped;
  bool stopping = false;
  int calls = 0;
  std::string last_request;
  std::string first_byte = "0";

  void route() {
    server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server.set_tcp_nodelay(true);
    server.set_keep_alive_max_count(1);
    serve_protocol("/v1/chat/completions", Protocol::openai_chat);
    serve_protocol("/v1/responses", Protocol::openai_responses);
    serve_protocol("/v1/messages", Protocol::anthropic_messages);
    serve(R"(/files/([\w.-]+))", [this](const auto& request, const auto&, const auto&) {
      return file_answer(files / request.matches[1].str()).value_or(HttpAnswer{404, "text/plain", {"no such file\n"}});
    });
    show("/calls", [this] { return std::to_string(calls); });
    show("/last-request", [this] { return last_request; });
    show("/first-byte", [this] { return first_byte; });
  }

  void serve_protocol(const char* path, Protocol protocol) {
    serve(path, [protocol](const auto&, const std::string& body, const Scenario& scenario) {
      return make_answer(protocol, body, scenario);
    });
  }

  // Reads the body itself: by default the server parses the body of a plain `curl -d` as a form.
  template <class MakeAnswer>
  void serve(const char* path, MakeAnswer make) {
    server.Post(path, [this, make](const auto& request, auto& response, const httplib::ContentReader& read) {
      std::string body;
      read([&body](const char* data, std::size_t size) { return body.append(data, size), true; });
      note_call(body);
      const auto scenario = Scenario::parse(request.params);
      if (scenario)
        send(make(request, body, *scenario), *scenario, response);
      else
        response.status = 400;
    });
  }

  template <class GetText>
  void show(const char* path, GetText text) {
    server.Get(path, [this, text](const httplib::Request&, httplib::Response& response) {
      const std::lock_guard lock(mutex);
      response.set_content(text(), "text/plain");
    });
  }

  void send(HttpAnswer answer, Scenario scenario, httplib::Response& response) {
    if (answer.pieces.size() == 1) scenario.wait += scenario.delay * scenario.chunks;
    response.status = answer.status;
    response.set_chunked_content_provider(
        answer.content_type, [this, answer = std::move(answer), scenario](std::size_t, httplib::DataSink& sink) {
          return write_pieces(answer, scenario, sink);
        });
  }

  // False closes the connection before the end of the chunked body.
  bool write_pieces(const HttpAnswer& answer, const Scenario& scenario, httplib::DataSink& sink) {
    const auto cut = cut_position(answer, scenario);
    std::size_t sent = 0;
    for (const auto& piece : answer.pieces) {
      if (!pause(sent == 0 ? scenario.wait : scenario.delay)) return false;
      if (sent == 0) note_first_byte();
      const auto size = cut ? std::min(piece.size(), *cut - sent) : piece.size();
      if (size > 0 && !sink.write(piece.data(), size)) return false;
      sent += size;
      if (cut && sent == *cut) return false;
    }
    sink.done();
    return true;
  }

  void note_call(const std::string& body) {
    const std::lock_guard lock(mutex);
    ++calls;
    last_request = body;
  }

  void note_first_byte() {
    const std::lock_guard lock(mutex);
    first_byte = nanoseconds_now();
  }

  // False: the provider is stopping.
  bool pause(std::chrono::milliseconds duration) {
    std::unique_lock lock(mutex);
    return !stopped.wait_for(lock, duration, [this] { return stopping; });
  }
};

Provider::Provider(Options options) : state_(std::make_unique<State>()) {
  state_->files = std::move(options.files);
  state_->route();
  state_->port = state_->server.bind_to_any_port("127.0.0.1");
  state_->thread = std::thread([state = state_.get()] { state->server.listen_after_bind(); });
  while (!state_->server.is_running()) std::this_thread::yield();
}

Provider::~Provider() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->stopped.notify_all();
  state_->server.stop();
  state_->thread.join();
}

std::uint16_t Provider::port() const {
  return static_cast<std::uint16_t>(state_->port);
}

std::string Provider::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + std::string(path);
}

int Provider::calls() const {
  const std::lock_guard lock(state_->mutex);
  return state_->calls;
}

}  // namespace support
