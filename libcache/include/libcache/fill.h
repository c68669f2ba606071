// Gets an answer from the first source that has it: the store, another caller that is already asking, or a producer.
//
// Of all callers that fill one request at one time, in any thread, process or machine that shares the store, one leads
// and produces the answer. The others follow: they get the bytes as they reach the leader, from the first one on.
// - The leader records and shares each piece before it delivers it to its own receiver, so that a slow or failing
//   receiver affects no other caller.
// - A complete answer reaches all followers, whether or not it could be stored.
// - If the answer is judged incomplete or an error, or the leader fails or dies, each follower that has delivered
//   nothing produces the answer itself, all at the same time. A follower that has delivered a part fails (corrupt).
//
// Cache::get_or_fill() does all this with two callbacks. A program that cannot block in callbacks (an event loop, a
// proxy) begins a Fill and drives it itself.
#pragma once

#include <libcache/answer.h>
#include <libcache/entry.h>
#include <libcache/export.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {
struct FillState;
}

namespace libcache LIBCACHE_EXPORT {

struct Lookup;  // cache.h

/// Where an answer came from, and whether a produced one was stored.
struct Filled {
  enum class Source {
    store,     ///< it was stored
    leader,    ///< another caller produced it at this time
    producer,  ///< this caller produced it
  };
  enum class Storing {
    none,  ///< there was nothing to store: the answer was not produced here, abandon() was called, the deadline of the
           ///< fill passed first, or FillOptions::wait had passed
    stored,
    refused,  ///< by the cache's policy or by FillOptions::refuse
    failed,   ///< the store failed
  };
  Source source = Source::store;
  Storing storing = Storing::none;
  std::optional<Refusal> refusal = {};    ///< refused: by which rule
  std::optional<Error> store_error = {};  ///< failed: the store's error
  std::string reason = {};                ///< why a produced answer was not stored, for people
};

/// An answer being produced within get_or_fill(), as its producer sees it. One thread at a time.
class AnswerWriter {
 public:
  virtual ~AnswerWriter() = default;
  /// Records and shares the next bytes, and hands them to the receiver. Waits for a slow receiver only when 64 MiB (of
  /// an answer that is too large to be stored: 1 MiB) have not been taken yet. Fails with the receiver's error, or with
  /// a timeout: then the producer should stop.
  [[nodiscard]] virtual Status write(std::string_view bytes) = 0;
  /// As Fill::describe(), Fill::prepare() and Fill::abandon().
  virtual void describe(const Metadata& metadata, std::optional<int> http_status = {}) = 0;
  virtual void prepare() = 0;
  virtual void abandon() = 0;
};

/// Writes an answer from its first byte to its last. If it fails, nothing is stored.
using Producer = std::function<Status(AnswerWriter&)>;
/// Takes the answer's bytes in order, cut anywhere. Called on the caller's thread, or while a producer runs on a thread
/// that get_or_fill() starts and ends; never on two threads at once.
using Receiver = std::function<Status(std::string_view)>;

struct FillOptions {
  /// Neither looks the request up nor follows a leader: produces the answer and overwrites a stored one.
  bool overwrite = false;
  /// Delivers what a leader streams as it arrives; otherwise once the answer is complete.
  bool live = true;
  /// With `live`: only if the leader has named the content type (describe()). A program that records the output of a
  /// command, such as `llmcache run`, does not know it: its bytes may begin with an HTTP header, or turn out to be an error.
  bool live_needs_content_type = false;
  /// Keeps a copy of the bytes, from which this process's other callers follow as they arrive. False saves the copy: such
  /// callers then wait for the end and read the store. For a program that passes the bytes on to its callers itself.
  bool share_with_threads = true;
  /// How long a follower waits for new bytes from its leader. Then it produces the answer itself, without storing it,
  /// or fails (corrupt) if it has delivered a part. nullopt: as long as there is a leader.
  std::optional<Milliseconds> wait = {};
  /// If the store fails during the lookup, the fill fails too, instead of continuing without the cache.
  bool require_store = false;
  /// The total time that the store may take, without the time spent following.
  Milliseconds store_budget = std::chrono::seconds(3);
  /// The TTL of a stored answer; nullopt: that of the cache's options.
  std::optional<Ttl> ttl = {};
  /// Metadata that a produced answer does not contain, such as content type and provider. Members that the answer does
  /// contain take precedence. See Fill::describe().
  Metadata metadata = {};
  /// Facts about a produced answer that its bytes do not contain. See Fill::describe().
  AnswerFacts facts = {};
  /// Returns the reason why a produced answer must not be stored; empty: the cache's policy decides.
  std::function<std::string(const Answer&)> refuse = {};
  /// get_or_fill(): called once before the answer's first byte is delivered, so that headers can be sent. Of an answer
  /// that is not in the store yet, `head` holds only the kind that was asked for and the metadata known in advance. Its
  /// failure counts as the receiver's.
  std::function<Status(Filled::Source source, const EntryHead& head)> on_begin = {};
  /// get_or_fill(): when the receiver has failed, continues to produce the answer and stores it. Otherwise a leader
  /// whose receiver has failed continues only while it has followers.
  bool keep_producing = false;
};

/// One caller's share in getting an answer. Must not outlive its cache. Movable; one thread at a time. If it is
/// destroyed before its end, nothing is stored and its followers find the flight abandoned.
class Fill {
 public:
  enum class Role {
    hit,     ///< the answer is stored: read() it
    follow,  ///< another caller is producing it: read() it; the role may change to lead or hit
    lead,    ///< this caller must produce it: write() it, then finish() or abandon()
  };
  Fill(Fill&&) noexcept;
  Fill& operator=(Fill&&) noexcept;
  ~Fill();

  Role role() const;
  /// The result of the lookup: the entry on a hit, otherwise why it was a miss. Empty if nothing was looked up.
  const Lookup& lookup() const;
  /// The error if the lookup failed. Then the role is lead, and nothing will be stored.
  const std::optional<Error>& store_error() const;
  /// Source and head of the answer, as far as they are known: of a hit at once, of a followed answer with its first
  /// bytes.
  Filled::Source source() const;
  [[nodiscard]] Result<EntryHead> head() const;

  struct Piece {
    std::string_view bytes = {};  ///< valid until the next call
    Milliseconds at{0};           ///< of a stored stream: when the chunk arrived, since the answer began
    bool done = false;            ///< this is the end of the answer
  };
  /// Hit or follow: the next bytes. A follower waits for them until the deadline; then there are none, which is not an
  /// error. Look at role() afterwards: a follower may have to lead. Fails: corrupt, if a part was read and the rest is
  /// lost; timeout, for a follower once the deadline of the whole fill has passed.
  [[nodiscard]] Result<Piece> read(Deadline deadline);

  /// Lead: adds facts about the answer that its bytes do not contain to those of the options. Followers receive the metadata
  /// that was known before the first write(). A later status still keeps the answer of a failure from being stored.
  void describe(const Metadata& metadata, std::optional<int> http_status = {});
  /// Lead: prepares to store the answer, for callers that have to wait for their first bytes anyway: opens the store
  /// for writing, and lets the compressor allocate its memory, which makes the first encoding of a process faster.
  /// Takes a few milliseconds at most; errors show when the answer is stored.
  void prepare();
  /// Lead: records the next bytes and shares them with the followers. An answer that is too large to be stored is no
  /// longer recorded, but still shared. Fails: timeout, once the deadline of the whole fill has passed; what was written before
  /// is then neither stored nor complete for followers. invalid: this fill does not lead, or is finished.
  [[nodiscard]] Status write(std::string_view bytes);
  /// Lead: whether there are followers. Cheap; may be up to 2 seconds old.
  [[nodiscard]] bool is_followed();
  /// Lead: the answer is complete as far as the caller knows. Judges and stores it, and ends the flight. Called again, or on a
  /// fill that does not lead, it only returns filled().
  Filled finish();
  /// Lead: nothing will be stored. Frees the followers at once.
  void abandon();
  /// The outcome, after read() was done or finish() was called.
  const Filled& filled() const;

  /// Drives the fill from here to its end with two callbacks: the rest of Cache::get_or_fill().
  [[nodiscard]] Result<Filled> run(const Producer& produce, const Receiver& receive);

 private:
  friend class Cache;
  explicit Fill(std::unique_ptr<internal::FillState> state);
  std::unique_ptr<internal::FillState> state_;
};

}  // namespace libcache LIBCACHE_EXPORT
