// An entry: a stored response or a recorded stream, with the proof of which request it answers.
//
// An entry is one value under one name in a store: found in one round trip, expired and evicted as a whole, never torn.
// llmcache-format(5) describes its bytes.
#pragma once

#include <libcache/digest.h>
#include <libcache/export.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace libcache LIBCACHE_EXPORT {

/// On disk: these numbers never change meaning.
enum class EntryKind : std::uint8_t { response = 1, stream = 2 };
std::string_view to_string(EntryKind kind);

/// Facts from an answer; a member is absent or empty if the answer does not contain it. About 800 bytes at most.
struct Metadata {
  std::string content_type = {};
  std::string provider = {};
  std::string model = {};
  std::string finish_reason = {};
  /// The normal form of the endpoint; only its first 320 bytes if it is longer.
  std::string endpoint = {};
  /// What was left out of the request (RequestKey::left_out); of a long list, nothing.
  std::string left_out = {};
  /// Whether the answer is incomplete or an error, and was stored because the policy accepts that.
  bool incomplete = false;
  bool error = false;
  std::optional<std::int64_t> prompt_tokens = {};
  std::optional<std::int64_t> completion_tokens = {};
  std::optional<std::int64_t> cached_tokens = {};     ///< a part of prompt_tokens
  std::optional<std::int64_t> reasoning_tokens = {};  ///< a part of completion_tokens
  /// How long the origin took to send its first chunk, and its whole answer.
  std::optional<Milliseconds> origin_first_chunk = {};
  std::optional<Milliseconds> origin_total = {};
  /// Of a rejection (Cache::reject) only: the SHA-256 of the answer that was rejected, in hex.
  std::string rejected = {};
  /// The program that wrote the entry, such as "llmcache 0.1.0".
  std::string tool = {};

  bool operator==(const Metadata&) const = default;
};

/// What an answer cost when it was produced; 0 where it does not say so.
struct AnswerCost {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;  ///< of the prompt's
  std::uint64_t completion_tokens = 0;
  Milliseconds time{0};
};

/// One piece of a stream: its bytes as they arrived, and the time since the start of the answer.
struct Chunk {
  Milliseconds at{0};
  std::string_view bytes;
};

/// An entry to be written. All views must outlive the call to encode().
struct EntryDraft {
  EntryKind kind = EntryKind::response;
  UnixTime created{};
  std::optional<UnixTime> expires = {};  ///< nullopt: never
  Digest request_digest{};
  Metadata metadata = {};
  std::optional<std::string_view> request = {};  ///< the canonical request, kept for show, diff and get --why
  std::string_view body = {};                    ///< a response's bytes
  std::span<const Chunk> chunks = {};            ///< a stream's pieces
  bool compress = true;                          ///< if that saves space; false for an entry that will not be stored
};

/// The entry's bytes. Fails (invalid) only for metadata that does not fit in the first kEntryHeadBytes.
[[nodiscard]] Result<std::string> encode(const EntryDraft& draft);

/// The bytes of an entry with another time of expiry; nullopt: never. Fails: corrupt.
[[nodiscard]] Result<std::string> with_expiry(std::string entry, std::optional<UnixTime> expires);

/// The header and metadata of an entry, which can be read without its body.
struct EntryHead {
  EntryKind kind = EntryKind::response;
  UnixTime created{};  ///< the epoch if unknown: a gateway's answer may not contain it
  std::optional<UnixTime> expires = {};
  Digest request_digest{};
  Metadata metadata = {};
  std::uint64_t payload_size = 0;  ///< bytes of the body, or of all chunks together with their times and lengths
};

/// Reads the head from the first `kEntryHeadBytes` (or more) of an entry. Unlike Entry::open it does not detect all
/// damage, because the head has no checksum: use it for listings and filters, not for answers. Fails: corrupt.
[[nodiscard]] Result<EntryHead> decode_head(std::string_view first_bytes);
inline constexpr std::size_t kEntryHeadBytes = 1024;

/// An entry as read from a store: verified when it is opened, decompressed only when its body is read. Owns its bytes.
/// Movable; const functions may be called from several threads at once.
class Entry {
 public:
  /// Verifies the checksum and the format of `bytes`, which may be any bytes. Fails: corrupt.
  [[nodiscard]] static Result<Entry> open(std::string bytes);

  EntryKind kind() const { return kind_; }
  UnixTime created() const { return created_; }
  std::optional<UnixTime> expires() const { return expires_; }
  const Digest& request_digest() const { return request_digest_; }
  std::uint64_t payload_size() const { return payload_size_; }
  std::size_t stored_size() const { return bytes_.size(); }

  /// Whether the answer is incomplete or an error and was stored because a policy accepted that (see Metadata).
  bool was_accepted() const { return was_accepted_; }
  /// The header and metadata. Fails: corrupt.
  [[nodiscard]] Result<EntryHead> head() const;
  /// Fails: corrupt.
  [[nodiscard]] Result<Metadata> metadata() const;
  /// What a hit on this entry saves. Much faster than metadata().
  AnswerCost cost() const;
  /// The canonical request, if it was kept. Fails: corrupt.
  [[nodiscard]] Result<std::optional<std::string>> request() const;

  /// Receives the chunks from read(); an error stops the reading, and read() returns it.
  using Sink = std::function<Status(const Chunk&)>;
  /// Decodes the payload piece by piece, in memory for one piece and a window of half a megabyte: a stream chunk by
  /// chunk as recorded, a response in pieces of any size, all at time 0. Fails: corrupt, or as the sink does.
  [[nodiscard]] Status read(const Sink& sink) const;
  /// The whole payload: a response's body, or a stream's chunks joined. Fails: corrupt.
  [[nodiscard]] Result<std::string> body() const;

 private:
  friend class Replay;
  Entry() = default;
  std::string_view metadata_json() const;

  std::string bytes_;
  EntryKind kind_ = EntryKind::response;
  UnixTime created_{};
  std::optional<UnixTime> expires_;
  Digest request_digest_{};
  std::uint64_t payload_size_ = 0;
  std::uint32_t metadata_size_ = 0;
  bool was_accepted_ = false;
};

/// The chunks of an entry, each decoded when next() is called: a stream's as recorded, a response in pieces of any
/// size, all at time 0. Memory: one chunk and a window of half a megabyte, however slow the reader is. Also an input
/// range:
///
///   for (const libcache::Result<libcache::Chunk>& chunk : libcache::Replay(entry)) ...
///
/// The entry must outlive it and must not be moved. Movable; one thread at a time.
class Replay {
 public:
  explicit Replay(const Entry& entry);
  Replay(Replay&&) noexcept;
  Replay& operator=(Replay&&) noexcept;
  ~Replay();

  /// The next chunk, valid until the next call; nullopt at the end. Fails: corrupt, also at every later call.
  [[nodiscard]] Result<std::optional<Chunk>> next();

  /// Iterates over the remaining chunks; a failure is the last element. Invalid once the replay is moved or destroyed.
  class Iterator;
  Iterator begin();
  std::default_sentinel_t end() const { return {}; }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Replay::Iterator {
 public:
  using value_type = Result<Chunk>;
  using difference_type = std::ptrdiff_t;

  explicit Iterator(Replay& replay) : replay_(&replay) { ++*this; }
  const Result<Chunk>& operator*() const { return *chunk_; }
  Iterator& operator++();
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return !chunk_; }

 private:
  Replay* replay_;
  std::optional<Result<Chunk>> chunk_;
};

}  // namespace libcache LIBCACHE_EXPORT
