// An answer as it comes in, whichever kind of entry it will be, and what it turned out to be.
#pragma once

#include <libcache/cache.h>

#include <chrono>
#include <string_view>

namespace llmcache {

class AnswerRecorder {
 public:
  AnswerRecorder(libcache::EntryKind kind, libcache::KeyScheme scheme) : scheme_(scheme) { answer_.kind = kind; }

  void write(std::string_view bytes);

  libcache::Answer finish() &&;

 private:
  using Steady = std::chrono::steady_clock;
  libcache::KeyScheme scheme_;
  Steady::time_point start_ = Steady::now();
  std::optional<Steady::time_point> first_;
  libcache::Answer answer_;
  libcache::Recorder stream_{start_};
};

}  // namespace llmcache
