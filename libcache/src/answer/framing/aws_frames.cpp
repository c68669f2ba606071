// The AWS event stream (application/vnd.amazon.eventstream). A frame is, with all numbers in network byte order:
//   length of the frame (4 bytes), length of its headers (4), CRC-32 of these 8 (4), headers, payload, CRC-32 of all
//   that precedes it (4)
// and a header is: length of its name (1), name, type (1), for a string (type 7) its length (2) and its bytes.
#include "answer/framing/aws_frames.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace libcache::internal {

namespace {

constexpr std::size_t kPrelude = 12;
constexpr std::size_t kChecksum = 4;
constexpr std::uint32_t kLongestFrame = 25U << 20;  // AWS sends at most 24 MiB of payload
constexpr std::uint8_t kString = 7;

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

bool has_checksum(std::string_view bytes, std::string_view checksum) {
  const auto* const data = reinterpret_cast<const Bytef*>(bytes.data());
  return crc32(0, data, static_cast<uInt>(bytes.size())) == number(checksum);
}

struct Prelude {
  std::uint32_t frame = 0;
  std::uint32_t headers = 0;
  bool is_damaged = false;
};

Prelude read_prelude(std::string_view text) {
  Prelude prelude{number(text.substr(0, 4)), number(text.substr(4, 4)), false};
  const bool fits = prelude.frame <= kLongestFrame && prelude.frame >= kPrelude + kChecksum &&
                    prelude.headers <= prelude.frame - kPrelude - kChecksum;
  prelude.is_damaged = !fits || !has_checksum(text.substr(0, 8), text.substr(8, 4));
  return prelude;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const auto padding = static_cast<std::size_t>(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
  bytes.resize(static_cast<std::size_t>(size) - padding);  // OpenSSL decodes padding to zeros
  return bytes;
}

// The value of a string header; empty if there is none. Headers of other types end the search: AWS sends none.
std::string_view header(std::string_view headers, std::string_view name) {
  while (headers.size() > 4) {
    const std::size_t name_size = static_cast<std::uint8_t>(headers.front());
    if (headers.size() < name_size + 4 || static_cast<std::uint8_t>(headers[name_size + 1]) != kString) break;
    const std::size_t size = number(headers.substr(name_size + 2, 2));
    const std::string_view value = headers.substr(name_size + 4, size);
    if (headers.substr(1, name_size) == name) return value;
    headers.remove_prefix(std::min(headers.size(), name_size + 4 + size));
  }
  return {};
}

class FrameFramer final : public Framer {
 public:
  std::optional<std::size_t> next(std::string_view rest, bool) override {
    if (is_damaged_ || rest.size() < kPrelude) return std::nullopt;
    const Prelude prelude = read_prelude(rest);
    is_damaged_ = prelude.is_damaged;
    if (is_damaged_ || rest.size() < prelude.frame) return std::nullopt;
    return prelude.frame;
  }

  void read(std::string_view chunk, const AnswerEventHandler& handle) override {
    const std::size_t payload_end = chunk.size() - kChecksum;
    is_damaged_ = !has_checksum(chunk.substr(0, payload_end), chunk.substr(payload_end));
    if (is_damaged_) return handle(damage());
    const std::size_t headers_size = read_prelude(chunk).headers;
    const std::string_view headers = chunk.substr(kPrelude, headers_size);
    const std::string_view type = header(headers, ":message-type");
    AnswerEvent event{.form = EventForm::frame, .name = header(headers, ":event-type")};
    event.data = chunk.substr(kPrelude + headers_size, payload_end - kPrelude - headers_size);
    event.is_failure = type == "exception" || type == "error";
    if (type == "exception") event.name = header(headers, ":exception-type");
    if (type == "error") event.name = header(headers, ":error-code");
    read_payload(event);
    handle(event);
  }

  void read_rest(std::string_view rest, const AnswerEventHandler& handle) override {
    if (is_damaged_) return handle(damage());
    if (!rest.empty()) handle({.form = EventForm::frame, .is_whole = false});
  }

  bool fits() const override { return true; }

 private:
  static AnswerEvent damage() { return {.form = EventForm::frame, .name = "damaged frame", .is_failure = true}; }

  // InvokeModel's streams hold the model's own events in base64.
  void read_payload(AnswerEvent& event) {
    event.is_json = !event.data.empty() && document_.parse(event.data, JsonRules::lenient).has_value();
    if (!event.is_json) return;
    event.json = JsonValue(document_);
    const auto inner = event.name == "chunk" ? decode_base64(event.json["bytes"].text()) : std::nullopt;
    if (!inner) return;
    inner_ = *inner;
    event.data = inner_;
    event.is_json = document_.parse(inner_, JsonRules::lenient).has_value();
    event.json = event.is_json ? JsonValue(document_) : JsonValue();
  }

  bool is_damaged_ = false;
  JsonDocument document_;
  std::string inner_;
};

}  // namespace

std::optional<bool> begins_with_frame(std::string_view text) {
  if (text.empty() || text.front() != '\0') return text.empty() ? std::nullopt : std::optional(false);
  if (text.size() < kPrelude + 2) return std::nullopt;
  const Prelude prelude = read_prelude(text);
  if (!prelude.is_damaged) return true;
  // A damaged length or checksum does not change that the first header has a name like :event-type.
  return text[kPrelude + 1] == ':' && prelude.frame <= kLongestFrame;
}

std::unique_ptr<Framer> make_frame_framer() {
  return std::make_unique<FrameFramer>();
}

}  // namespace libcache::internal
