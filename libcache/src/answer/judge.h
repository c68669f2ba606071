// Whether a stream is whole, from one event after another.
#pragma once

#include <libcache/answer.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "answer/protocol.h"
#include "text/framing.h"

namespace libcache::internal {

// Judges a whole body that is no stream of events.
Verdict judge_response(std::string_view body);

// One thread at a time.
class StreamJudge {
 public:
  void read(const StreamEvent& event);
  // What the stream ended in: an event without its blank line, a line without its end. It counts as an event if it says
  // itself where it ends, as JSON and [DONE] do.
  void read_rest(const StreamEvent& event);
  // Whether these were events: not one JSON text on one line, or on several.
  bool were_events() const { return count_ > 1 && first_whole_; }
  // Whether an event was of a known protocol, or an error.
  bool knows_protocol() const { return protocol_ != nullptr || !progress_.error.empty(); }
  // The stream has ended. The judge is spent.
  Verdict finish();

 private:
  void count(bool whole);
  bool read_json(std::string_view data);
  std::string describe_lack() const;

  JsonDocument document_;
  const Protocol* protocol_ = nullptr;
  Progress progress_;
  std::size_t count_ = 0;
  bool first_whole_ = false;
  bool last_whole_ = false;
};

}  // namespace libcache::internal
