// From a JSON request to the key under which its answer is stored. Pure: nothing here knows a store, a clock or a
// locale.
//
// The native scheme is normative and versioned: canonical JSON (RFC 8785, with exact integers), hashed with XXH3-128.
// The same request and options give the same key in every process, version and machine.
#pragma once

#include <libcache/export.h>
#include <libcache/result.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// How keys are made. `native` is llmcache's own; `bifrost` gives the keys of a Bifrost gateway with its Redis plugin,
/// which drops much of a request and can be forged (XXH64): two requests may share one key.
enum class KeyScheme { native, bifrost };

/// What a request to a Bifrost gateway looks like: the gateway's own request object, or the body of one of its HTTP
/// endpoints, where `model` is "provider/model". `detect` goes by the members that are there.
enum class BifrostForm { detect, core, chat, text, embeddings, speech, transcription };

/// What decides, besides the request, which key it gets. A plain value.
struct KeyOptions {
  /// The options of a gateway's cache: the bifrost scheme, and no prefix.
  static KeyOptions bifrost();

  KeyScheme scheme = KeyScheme::native;
  BifrostForm form = BifrostForm::detect;  ///< bifrost only
  /// Stands before every name; taken literally. At most 256 bytes, no control characters.
  std::string prefix = "llmcache:";
  /// Who shares answers (the seed system's "cache key"). Never empty; at most 256 bytes, no control characters.
  std::string session = "default";
  /// JSON pointers (RFC 6901) of object members that do not count. One that names nothing is no error. native only.
  std::vector<std::string> ignore;
  /// Sets the request's top-level "provider" member (bifrost: its provider), over any in the body.
  std::optional<std::string> provider;
  /// Whether the top-level "model" and "provider" members count.
  bool by_model = true;
  bool by_provider = true;
  /// Tells apart several answers to one request; 0 is the plain entry. native only.
  unsigned sample = 0;
};

/// A request's key and what it was made from.
struct RequestKey {
  /// "{prefix}{session}_{hash}": names the request in every store. Clearing it clears every entry under it.
  std::string base;
  /// The base key, with "_sample_{i}" for a sample i >= 1: the name of the response entry.
  std::string response_name;
  /// The response entry's name with "_stream": the name of the stream entry. bifrost: with "_chunk_", which the index of
  /// a chunk completes to that chunk's name.
  std::string stream_name;
  /// Exactly the bytes that were hashed. Their SHA-256 proves an entry on a hit.
  std::string canonical;
  /// Whether the request asks for a stream ("stream": true).
  bool stream = false;
  /// The request's top-level "model" if it is a string, else empty. bifrost: without the provider.
  std::string model;
  /// bifrost: whom the request is for, whether or not that is in the key.
  std::string provider;
};

/// Derives keys, reusing its parser and buffers from call to call. Movable; one thread at a time.
class KeyDeriver {
 public:
  /// Fails (invalid) for a prefix or session that is too long, empty where it may not be, or holds control characters,
  /// for a malformed JSON pointer, for a provider that is not UTF-8, and for an option that the scheme does not have.
  [[nodiscard]] static Result<KeyDeriver> create(KeyOptions options);
  KeyDeriver(KeyDeriver&&) noexcept;
  KeyDeriver& operator=(KeyDeriver&&) noexcept;
  ~KeyDeriver();

  /// The key of `request`, one JSON object in UTF-8. native: a leading byte-order mark is dropped; fails (invalid) for
  /// whatever is not strict JSON, naming the byte offset where there is one; a request is never repaired. bifrost: fails
  /// (invalid) where the gateway rejects the request.
  [[nodiscard]] Result<RequestKey> derive(std::string_view request);

  const KeyOptions& options() const;

 private:
  struct State;
  explicit KeyDeriver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// How one member of a request went into its key.
struct Explanation {
  enum class Use { in_key, ignored, rewritten, set_by_option };
  std::string pointer;  ///< JSON pointer of the member or array element
  Use use = Use::in_key;
  std::string value;   ///< as in the request, compact; empty for one that only an option sets
  std::string detail;  ///< why it is ignored, what it was rewritten to, or which option set it to what
};

/// Explains every scalar, empty container and ignored member of `request`, in document order. Fails as derive() does.
[[nodiscard]] Result<std::vector<Explanation>> explain(const KeyOptions& options, std::string_view request);

/// One place at which two canonical requests differ.
struct Difference {
  std::string pointer;
  std::optional<std::string> left;  ///< canonical JSON of the value there; nothing where the member is absent
  std::optional<std::string> right;
};

/// The places at which two requests differ as far as their keys are concerned, by pointer. Empty exactly when the keys
/// are equal. A differing array or object is descended into; arrays are compared element by element.
[[nodiscard]] Result<std::vector<Difference>> diff(const KeyOptions& options, std::string_view left,
                                                   std::string_view right);

/// The base key that `name` belongs to: `name` without a "_stream", "_sample_{i}" or "_chunk_{i}" suffix.
std::string_view base_of(std::string_view name);

/// What the names of all entries of the options' session start with, and no others.
std::string session_prefix(const KeyOptions& options);

}  // namespace libcache LIBCACHE_EXPORT
