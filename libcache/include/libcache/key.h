// Derives from a JSON request the key under which its answer is stored. A key is a pure function of the request and the
// options: it never depends on a store, the time, the process, the locale or the library's version.
//
// The native scheme hashes canonical JSON (RFC 8785, with exact integers) with XXH3-128.
#pragma once

#include <libcache/digest.h>
#include <libcache/export.h>
#include <libcache/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// How keys are made. `native` is llmcache's own scheme. `bifrost` makes the keys of a Bifrost gateway with its Redis
/// plugin, which ignores much of a request and whose hash (XXH64) can be forged: two requests may share one key.
enum class KeyScheme { native, bifrost };

/// The form of a request to a Bifrost gateway: the gateway's own request object (core), or the body of one of its HTTP
/// endpoints, where `model` is "provider/model". `detect` decides by the request's members.
enum class BifrostForm { detect, core, chat, text, embeddings, speech, transcription };

/// The options that determine a request's key. A plain value.
struct KeyOptions {
  /// The defaults of the bifrost scheme, whose names have no prefix.
  static KeyOptions bifrost();

  KeyScheme scheme = KeyScheme::native;
  BifrostForm form = BifrostForm::detect;  ///< bifrost only
  /// The beginning of every name, taken literally. At most 256 bytes, no control characters.
  std::string prefix = "llmcache:";
  /// The namespace within which answers are shared. Never empty; at most 256 bytes (bifrost: 64 KiB), no control
  /// characters.
  std::string session = "default";
  /// Where the request goes: a URL or any other text (see normal_endpoint). Empty: the endpoint does not count. native
  /// only.
  std::string endpoint = {};
  /// JSON pointers (RFC 6901) of object members that do not count. A token `*` stands for every element of an array. A
  /// pointer that matches nothing is not an error (see RequestKey::unmatched). native only.
  std::vector<std::string> ignore = {};
  /// Sets the top-level member "provider" (bifrost: the provider), overriding the one in the request.
  std::optional<std::string> provider = {};
  /// Whether the top-level members "model" and "provider" count.
  bool by_model = true;
  bool by_provider = true;
  /// Distinguishes several answers to the same request. 0: the answer without a sample's suffix. native only.
  unsigned sample = 0;

  bool operator==(const KeyOptions&) const = default;
};

/// A request's key, and the parts of the request that it was made from.
struct RequestKey {
  /// "{prefix}{session}_{hash}", with an endpoint followed by "_at_{16 hex digits}".
  std::string base;
  /// The base key, followed by "_sample_{i}" for a sample i >= 1: the name of the response entry.
  std::string response_name;
  /// The response entry's name followed by "_stream": the name of the stream entry. bifrost: followed by "_chunk_"; a
  /// chunk's name has its index after that.
  std::string stream_name;
  /// The hash within these names, in hex digits.
  std::string hash;
  /// Exactly the bytes that were hashed.
  std::string canonical;
  /// The session and the endpoint's normal form (empty: none), as the options gave them.
  std::string session;
  std::string endpoint;
  /// What the options removed from the request, for the proof: ignore pointers, "model" and "provider", sorted and
  /// joined by commas.
  std::string left_out;
  /// The ignore pointers that matched no object member of the request.
  std::vector<std::string> unmatched;
  /// Whether the request asks for a stream ("stream": true).
  bool stream = false;
  /// The top-level member "model" if it is a string, otherwise empty. bifrost: without the provider.
  std::string model;
  /// native: whether the request has a top-level member "model" of any type.
  bool has_model = false;
  /// bifrost: the provider that the request is for, whether or not it is part of the key.
  std::string provider;

  /// The SHA-256 of the session, the endpoint, the canonical request and the names of the removed members. An entry is
  /// a hit only if it was stored with the same proof. Computed by each call.
  Digest proof() const;
};

/// The normal form of an endpoint. In an http or https URL the scheme and host become lower-case, and default ports,
/// users, passwords, fragments, empty query parameters and those that carry credentials are removed. Other text is
/// returned unchanged. Fails (invalid) for more than 2,048 bytes, control characters, and a URL without a host.
[[nodiscard]] Result<std::string> normal_endpoint(std::string_view endpoint);

/// Whether a parameter of a URL's query, "name=value", carries a credential: a key, a token, a password or a part of a
/// signature, by its name. Such parameters are no part of an endpoint.
bool is_credential_parameter(std::string_view parameter);

/// What a request is about, for people: the text that the user wrote last, in the chats of OpenAI, Anthropic, Gemini and
/// Ollama, or in a member such as "input" or "prompt". Empty if there is none, and for anything but a JSON object.
std::string last_user_text(std::string_view request_text);

/// Derives keys, reusing its parser and buffers from call to call. Movable; used by one thread at a time.
class KeyDeriver {
 public:
  /// Fails (invalid) for a prefix or session that is too long or contains control characters, an empty session, an
  /// invalid endpoint or JSON pointer, a provider that is not UTF-8, and an option that the scheme does not have.
  [[nodiscard]] static Result<KeyDeriver> create(KeyOptions options);
  KeyDeriver(KeyDeriver&&) noexcept;
  KeyDeriver& operator=(KeyDeriver&&) noexcept;
  ~KeyDeriver();

  /// The key of `request`, one JSON object in UTF-8. native: a leading byte-order mark is dropped; fails (invalid) for
  /// anything but strict JSON, with the byte offset where there is one; a request is never repaired. bifrost: fails
  /// (invalid) if the gateway rejects the request.
  [[nodiscard]] Result<RequestKey> derive(std::string_view request);

  /// The options, with the endpoint in its normal form.
  const KeyOptions& options() const;

 private:
  struct State;
  explicit KeyDeriver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The effect of one member of a request on its key.
struct Explanation {
  enum class Use { in_key, ignored, rewritten, set_by_option };
  std::string pointer;  ///< JSON pointer of the member or array element
  Use use = Use::in_key;
  std::string value;   ///< as in the request, compact; empty if only an option sets it
  std::string detail;  ///< why it is ignored, its rewritten value, or the option and the value that it set
};

/// Explains every scalar, empty container and ignored member of `request`, in document order. Fails as derive() does.
[[nodiscard]] Result<std::vector<Explanation>> explain(const KeyOptions& options, std::string_view request);

/// One place at which two canonical requests differ.
struct Difference {
  std::string pointer;
  std::optional<std::string> left;  ///< canonical JSON of the value there; nothing if the member is absent
  std::optional<std::string> right;
};

/// The places at which the canonical requests differ, in the order of their texts. Empty exactly when the hashes are
/// equal. A differing array or object is descended into. Arrays are aligned first: an element that was inserted is one
/// difference, and the elements after it are compared with those that they were. The pointer to an element that both
/// sides have is that of the right side. Lists too long to align are compared element by element.
[[nodiscard]] Result<std::vector<Difference>> diff(const KeyOptions& options, std::string_view left,
                                                   std::string_view right);

/// The parts of an entry's name: views into the name.
struct EntryName {
  std::string_view owner;     ///< prefix and session, which a name does not separate
  std::string_view hash;      ///< native: 32 lower-case hex digits; bifrost: 1 to 16
  std::string_view endpoint;  ///< the 16 hex digits after "_at_"; empty: none
  std::uint32_t sample = 0;
  bool stream = false;  ///< a stream; bifrost: a chunk of one

  /// Nothing if `name` is not the name of an entry. Every name has at most one owner.
  static std::optional<EntryName> parse(std::string_view name, KeyScheme scheme);
};

/// Whether `name` is the name of an entry of the options' session, under their prefix and scheme. A name belongs to one
/// session only. Code that selects the entries of a session must use this; a prefix alone also selects other sessions.
bool is_of_session(std::string_view name, const KeyOptions& options);

/// "{prefix}{session}_": the beginning of the session's names. Names of other sessions may begin with it too.
std::string session_prefix(const KeyOptions& options);

}  // namespace libcache LIBCACHE_EXPORT
