// A request whose answer may be cached, and the answers that there are to it.
#pragma once

#include <libcache/entry.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "answers/transfer.h"
#include "http/request_options.h"
#include "upstream/client.h"

namespace llmcache::serve {

struct Question {
  std::chrono::steady_clock::time_point asked = std::chrono::steady_clock::now();
  UpstreamRequest upstream;
  RequestOptions options;
  Mode mode = Mode::auto_;
  std::string session;  // empty: the settings'
};

// Whether the upstream may be asked.
bool asks_upstream(const Question& question);
// Whether a stored answer may be used instead of asking the upstream.
bool may_look_up(const Question& question);
// Whether a stored answer may be served at all. In replay mode it may, whatever the client asks for: there is no other.
bool accepts_stored(const Question& question);
// Why the options forbid storing the answer; empty if they do not.
std::string reason_not_to_store(const RequestOptions& options);

// A stored answer. Made on a worker, so that the event loop need not decode anything.
struct Hit {
  std::shared_ptr<const libcache::Entry> entry;
  libcache::Metadata metadata;
  libcache::AnswerCost cost;
  // A response that is not large, whole. Others are decoded piece by piece, so that all clients get their turn.
  std::optional<libcache::Result<std::string>> body;
};

// Decodes what a hit needs. May take some time.
std::shared_ptr<const Hit> make_hit(std::shared_ptr<const libcache::Entry> entry);
// Whether the answer is young enough for the request.
bool is_fresh(const Hit& hit, const CacheControl& control);

// An answer that comes from the upstream.
struct Miss {
  std::shared_ptr<Transfer> transfer;
  bool followed = false;    // another request asked the upstream
  bool joined = false;      // it was one to this process, whose head may be for its own client only
  bool by_request = false;  // the request did not accept a cached answer
  std::string reason;       // of the miss
  std::string detail;       // why it will not be stored, where that is known already
  // What the answer says of itself; filled in when it has ended.
  std::shared_ptr<const libcache::Metadata> metadata;
};

// No answer is cached, and the upstream is not to be asked.
struct NotCached {
  std::string nearest;        // the nearest recorded request and where it differs, for people
  bool store_failed = false;  // whether an answer is stored is not known
};

// The request cannot be cached.
struct Bypass {
  std::string detail;
  std::string logged;  // the same without anything of the request's body
};

struct Answered {
  std::string key;
  std::variant<std::shared_ptr<const Hit>, Miss, NotCached, Bypass> what;
};

}  // namespace llmcache::serve
