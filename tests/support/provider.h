// A stand-in for LLM providers, for tests and the demo: an HTTP server on a free loopback port.
//
//   POST /v1/chat/completions, /v1/responses, /v1/messages
//                      answers plain, or as a stream where the request says "stream": true
//   POST /files/NAME   a file of Options::files as it is: .sse and .ndjson event by event, any other in one piece
//   GET /calls         how many POSTs there were, as a decimal number
//   GET /last-request  the body of the last POST
//   GET /first-byte    when the first byte of the last answer left, in nanoseconds since 1970
//
// The query of a POST chooses what happens:
//   chunks=N           the answer has N words (8); a stream has an event for each
//   wait_ms=N          pause before the first byte (0)
//   delay_ms=N         pause before each further event (0); a plain answer takes as long as its stream would
//   cut_at=N           closes the connection after N bytes of the body
//   gateway=1          answers of chat completions as a Bifrost gateway in front of the provider passes them on
//   fail=cut           closes the connection after half of the body
//   fail=429|500       an error with that status
//   fail=error         an error body with status 200
//   fail=error-event   a stream that ends in an error event (not for files)
//   fail=unfinished    a stream that ends properly, but without the events that make it whole (not for files)
// A query with anything else is answered with status 400.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace support {

// Serves from construction to destruction, which ends answers that are still under way. Thread-safe.
class Provider {
 public:
  struct Options {
    std::filesystem::path files;  // the folder behind /files; empty: none
  };
  Provider() : Provider(Options{}) {}
  explicit Provider(Options options);
  ~Provider();

  std::uint16_t port() const;
  // "http://127.0.0.1:PORT" and `path`.
  std::string url(std::string_view path) const;
  // How many POSTs there were.
  int calls() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace support
