// Calls to upstreams: libcurl on the server's event loop, with kept connections and HTTP/2 where it is offered.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/headers.h"

namespace llmcache::serve {

// The body of a request that is sent while it arrives. All functions on the event loop.
class Upload {
 public:
  virtual ~Upload() = default;
  // In bytes. Nothing: it is known only at the end.
  virtual std::optional<std::uint64_t> size() const = 0;
  // Reads the next piece and passes it to `next`, which is called later; an empty one is the end. If the body breaks off,
  // `next` is not called: the client is told, and the call ends because nobody waits for its answer any more.
  virtual void read(std::function<void(std::string)> next) = 0;
};

struct UpstreamRequest {
  std::string method;
  std::string url;
  Headers fields;
  std::shared_ptr<const std::string> body;  // shared by all who need it, since it may be large; never null
  std::shared_ptr<Upload> upload = {};      // sent in place of `body`, unless it is null
};

struct UpstreamHead {
  int status = 0;
  std::string reason = {};  // the phrase after the status, which HTTP/2 does not have
  Headers fields = {};
};

enum class UpstreamEnd {
  complete,
  unreachable,  // no connection, or it failed before the answer's head was complete
  timed_out,    // no connection within the connect time, or no byte within the idle time
  broken,       // the answer broke off
};

// Called on the event loop. on_end is the last call; none is made once the call is destroyed.
struct UpstreamEvents {
  std::function<void(UpstreamHead)> on_head;
  std::function<void(std::string_view)> on_data;
  std::function<void(UpstreamEnd, const std::string& message)> on_end;
};

struct UpstreamOptions {
  std::chrono::milliseconds connect_timeout{};
  std::chrono::milliseconds idle_timeout{};
  std::string ca_file;  // empty: the system's
};

// One call. Destroying it cancels it. All functions on the event loop.
class UpstreamCall {
 public:
  virtual ~UpstreamCall() = default;
  // Stops and restarts the flow of data. While it is stopped the upstream is not read from.
  virtual void pause() = 0;
  virtual void resume() = 0;
};

class CurlMulti;

class UpstreamClient {
 public:
  UpstreamClient(boost::asio::io_context& loop, UpstreamOptions options);
  ~UpstreamClient();
  std::unique_ptr<UpstreamCall> start(UpstreamRequest request, UpstreamEvents events);
  // Calls in flight.
  std::size_t calls() const;

 private:
  const UpstreamOptions options_;
  const std::shared_ptr<CurlMulti> multi_;
};

}  // namespace llmcache::serve
