// Whether a stream is whole, from one event after another.
#pragma once

#include <libcache/stream.h>

#include <string>
#include <string_view>

#include "entry/protocol.h"
#include "text/framing.h"

namespace libcache {

// One thread at a time.
class StreamJudge {
 public:
  void read(const Event& event);
  // An event that the stream ended in without its blank line or the end of its line. It counts if its data says itself
  // that it is whole: a JSON object or [DONE].
  void read_last(const Event& event);
  // Whether what was read is events at all: not one JSON text, on one line or broken over several.
  bool are_events() const { return count_ > 1 && whole_first_; }
  // The stream has ended. The judge is spent.
  Verdict finish();

 private:
  bool read_json(std::string_view data);
  void read_event(JsonValue event);
  void count(bool whole);

  JsonDocument document_;
  const Protocol* protocol_ = nullptr;
  Progress progress_;
  std::size_t count_ = 0;  // events that had data
  bool whole_first_ = false;
  bool whole_last_ = false;
  std::string error_;  // what the provider reported
};

}  // namespace libcache
