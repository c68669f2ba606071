// A fill driven by two callbacks.
#include <libcache/cache.h>

#include <optional>
#include <utility>

#include "cache/fill/delivery.h"
#include "cache/fill/state.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

namespace {

// How many bytes may wait for a slow receiver. Recording an answer takes as much memory anyway.
constexpr std::size_t kMostQueued = 64 << 20;
constexpr std::size_t kMostQueuedUnrecorded = 1 << 20;

// Calls on_begin before the first byte, or at the end of an answer that has none.
class Receiving {
 public:
  Receiving(const Fill& fill, const FillOptions& options, const Receiver& receive)
      : fill_(fill), options_(options), receive_(receive) {}

  // Copies the arguments of on_begin. The other functions may run on another thread, later, while the fill goes on.
  void note_beginning() {
    if (options_.on_begin && !beginning_) beginning_ = {fill_.source(), fill_.head()};
  }
  Status begin() {
    if (begun_ || !options_.on_begin) return {};
    begun_ = true;
    note_beginning();
    const auto& [source, head] = *beginning_;
    return head ? options_.on_begin(source, *head) : fail(head.error());
  }
  Status take(std::string_view bytes) {
    if (auto began = begin(); !began || bytes.empty()) return began;
    return receive_(bytes);
  }

 private:
  const Fill& fill_;
  const FillOptions& options_;
  const Receiver& receive_;
  std::optional<std::pair<Filled::Source, Result<EntryHead>>> beginning_;
  bool begun_ = false;
};

class Writer final : public AnswerWriter {
 public:
  Writer(Fill& fill, const FillState& state, Receiving& receiving)
      : fill_(fill),
        state_(state),
        receiving_(receiving),
        delivery_([&receiving](std::string_view bytes) { return receiving.take(bytes); }) {}

  // Records and shares first, so that the receiver affects neither the recorded times nor the followers.
  Status write(std::string_view bytes) override {
    receiving_.note_beginning();
    if (auto written = fill_.write(bytes); !written) return written;
    auto delivered = delivery_.push(bytes, state_.recording ? kMostQueued : kMostQueuedUnrecorded);
    is_stopped_ = !delivered && !state_.options.keep_producing && !fill_.is_followed();
    return is_stopped_ ? delivered : Status();
  }
  // Whether the last write() failed and none followed: the answer may be cut.
  bool is_stopped() const { return is_stopped_; }
  void describe(const Metadata& metadata, std::optional<int> http_status) override {
    fill_.describe(metadata, http_status);
  }
  void prepare() override { fill_.prepare(); }
  void abandon() override { fill_.abandon(); }

  // Waits for the receiver. Returns its error, and throws what it threw.
  Status deliver_rest() {
    if (auto delivered = delivery_.finish(); !delivered) return delivered;
    return receiving_.begin();
  }

 private:
  Fill& fill_;
  const FillState& state_;
  Receiving& receiving_;
  Delivery delivery_;
  bool is_stopped_ = false;
};

}  // namespace

Result<Filled> Fill::run(const Producer& produce, const Receiver& receive) {
  if (!produce || !receive) return fail(ErrorCode::invalid, "a fill needs a producer and a receiver");
  Receiving receiving(*this, state_->options, receive);
  while (role() != Role::lead) {
    const auto piece = read(state_->deadline);
    if (!piece) return fail(piece.error());
    if (piece->bytes.empty() && !piece->done) continue;
    if (auto taken = receiving.take(piece->bytes); !taken) return fail(taken.error());
    if (piece->done) return filled();
  }
  Writer writer(*this, *state_, receiving);
  const Status produced = produce(writer);
  if (produced && !writer.is_stopped()) {
    finish();
  } else {
    abandon();
  }
  const Status delivered = writer.deliver_rest();
  if (!delivered) return fail(delivered.error());
  if (!produced) return fail(produced.error());
  if (state_->is_cut) return fail(ErrorCode::timeout, kTooLate);
  return filled();
}

}  // namespace libcache LIBCACHE_EXPORT
