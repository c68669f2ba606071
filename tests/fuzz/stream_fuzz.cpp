// Any bytes: the way in which a stream is cut into pieces changes neither its chunks nor its verdict.
#include <libcache/answer.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace libcache;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

Answer record(std::string_view bytes, std::size_t piece) {
  const AnswerRecorder::TimePoint start{};
  AnswerRecorder recorder({}, start);
  for (std::size_t begin = 0; begin < bytes.size(); begin += piece) recorder.write(bytes.substr(begin, piece), start);
  return std::move(recorder).finish(start);
}

bool same(const Answer& left, const Answer& right) {
  const auto same_end = [](const auto& mark, const auto& other) { return mark.end == other.end; };
  return left.kind == right.kind && left.bytes() == right.bytes() &&
         std::ranges::equal(left.recording.marks, right.recording.marks, same_end) &&
         left.completeness == right.completeness && left.reason == right.reason && left.metadata == right.metadata;
}

}  // namespace

// The first byte is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = record(stream, stream.size());
  require(same(whole, record(stream, 1)));
  require(same(whole, record(stream, 1 + data[0])));
  require(whole.bytes() == stream);
  require(whole.reason.empty() == (whole.completeness == Completeness::complete));
  TextExtractor extractor;
  std::string joined;
  for (const Chunk& chunk : whole.recording.chunks()) {
    require(!chunk.bytes.empty());
    joined += chunk.bytes;
    extractor.feed(chunk.bytes);
    const auto line = data_of(chunk.bytes);
    require(!line || line->find('\n') == std::string::npos);
  }
  require(joined == stream || whole.kind == EntryKind::response);
  return 0;
}
