// Any bytes: the pieces in which a stream arrives change neither its chunks nor the verdict on it.
#include <libcache/stream.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace libcache;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

Recorder::Finished record(std::string_view stream, std::size_t piece) {
  const Recorder::TimePoint start{};
  Recorder recorder(start);
  for (std::size_t begin = 0; begin < stream.size(); begin += piece) recorder.write(stream.substr(begin, piece), start);
  return recorder.finish(start);
}

bool same(const Recorder::Finished& left, const Recorder::Finished& right) {
  const auto same_end = [](const auto& mark, const auto& other) { return mark.end == other.end; };
  return left.recording.framing == right.recording.framing &&
         (left.recording.framing == Framing::raw ||
          std::ranges::equal(left.recording.marks, right.recording.marks, same_end)) &&
         left.verdict.completeness == right.verdict.completeness && left.verdict.reason == right.verdict.reason &&
         left.verdict.metadata == right.verdict.metadata;
}

}  // namespace

// The first byte is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = record(stream, stream.size());
  require(same(whole, record(stream, 1)));
  require(same(whole, record(stream, 1 + data[0])));
  require(whole.recording.bytes == stream);
  require(whole.verdict.reason.empty() == (whole.verdict.completeness == Completeness::complete));
  TextExtractor extractor;
  std::string joined;
  for (const Chunk& chunk : whole.recording.chunks()) {
    require(!chunk.bytes.empty());
    joined += chunk.bytes;
    extractor.feed(chunk.bytes);
    const auto line = data_of(chunk.bytes);
    require(!line || line->find('\n') == std::string::npos);
  }
  require(joined == stream);
  judge_response(stream);
  return 0;
}
