// A stand-in for LLM providers, for tests: an HTTP server on a free loopback port.
//
//   POST /v1/chat/completions, /v1/responses, /v1/messages
//                      answers in one body, or as a stream if the request says "stream": true
//   POST /files/NAME   a file of Options::files: .sse and .ndjson event by event, others in one piece
//   GET /calls         the number of POSTs so far, in decimal
//   GET /last-request  the body of the last POST
//   GET /first-byte    the time at which the last answer began, in nanoseconds since 1970
//
// The query of a POST selects the behaviour:
//   chunks=N           the answer has N words (8), a stream one event for each
//   wait_ms=N          pause before the first byte (0)
//   delay_ms=N         pause before each further event (0); a single body takes as long as the stream would
//   cut_at=N           closes the connection after N bytes of the body
//   gateway=1          answers chat completions like a Bifrost gateway in front of the provider
//   fail=cut           closes the connection after half of the body
//   fail=429|500       an error with that status
//   fail=error         an error body with status 200
//   fail=error-event   a stream that ends in an error event (not for files)
//   fail=unfinished    a stream without the events that complete it (not for files)
// Any other query gets status 400.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace support {

// Serves until it is destroyed; unfinished answers are then cut off. Thread-safe.
class Provider {
 public:
  struct Options {
    std::filesystem::path files;  // the folder for /files; empty: none
  };
  Provider() : Provider(Options{}) {}
  explicit Provider(Options options);
  ~Provider();

  std::uint16_t port() const;
  // "http://127.0.0.1:PORT" and `path`.
  std::string url(std::string_view path) const;
  // The number of POSTs so far.
  int calls() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace support
