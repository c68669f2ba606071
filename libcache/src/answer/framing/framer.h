// How the bytes of an answer become events.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "answer/framing/event.h"

namespace libcache::internal {

// Cuts an answer into chunks where its events end, and reads the events of each chunk. The chunks do not depend on the
// pieces in which the answer arrives. One thread at a time.
class Framer {
 public:
  virtual ~Framer() = default;

  // The size of the first chunk of `rest`, which is everything that arrived after the last chunk. nullopt until the
  // chunk is known to be whole. `last`: nothing follows `rest`.
  virtual std::optional<std::size_t> next(std::string_view rest, bool last) = 0;
  // Reads one chunk.
  virtual void read(std::string_view chunk, const AnswerEventHandler& handle) = 0;
  // Reads what follows the last chunk when the answer ends.
  virtual void read_rest(std::string_view rest, const AnswerEventHandler& handle) = 0;
  // Whether the bytes so far are in this framing; false: they are a text.
  virtual bool fits() const = 0;
};

std::unique_ptr<Framer> make_sse_framer();
std::unique_ptr<Framer> make_json_framer();
std::unique_ptr<Framer> make_prefixed_line_framer();
std::unique_ptr<Framer> make_frame_framer();

// The framer for an answer that begins with `text`: nullopt while `text` is too short to decide, a null pointer if the
// answer is a text. `last`: nothing follows `text`. `may_be_events`: a header precedes it that leaves room for events.
std::optional<std::unique_ptr<Framer>> find_framer(std::string_view text, bool last, bool may_be_events);

}  // namespace libcache::internal
