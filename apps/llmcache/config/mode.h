// What `run` and `serve` do with the cache.
#pragma once

#include "config/values.h"

namespace llmcache {

enum class Mode {
  auto_,    // serves stored answers; gets and stores those that are missing
  replay,   // serves stored answers, and gets none
  refresh,  // gets every answer anew and stores it
  off,      // gets every answer anew and stores none
};

inline constexpr Choice<Mode> kModes[] = {
    {"auto", Mode::auto_}, {"replay", Mode::replay}, {"refresh", Mode::refresh}, {"off", Mode::off}};

}  // namespace llmcache
