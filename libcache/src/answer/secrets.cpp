#include "answer/secrets.h"

#include <fmt/format.h>
#include <libcache/stream.h>

#include <algorithm>

#include "answer/transport/compression.h"
#include "answer/transport/http_head.h"
#include "text/ascii.h"
#include "text/json/escape.h"

namespace libcache::internal {
namespace {

// A beginning that is followed by characters of a key. llmcache(1) lists them.
struct Shape {
  std::string_view kind;
  std::string_view beginning;
  std::string_view others;  // characters of the key besides letters and digits
  std::size_t shortest;     // length of what follows the beginning
};

constexpr Shape kShapes[] = {
    {"an API key", "sk-", "-_", 20},           {"a Google API key", "AIza", "-_", 35},
    {"an AWS access key", "AKIA", "", 16},     {"an AWS access key", "ASIA", "", 16},
    {"a GitHub token", "ghp_", "", 30},        {"a GitHub token", "gho_", "", 30},
    {"a GitHub token", "ghu_", "", 30},        {"a GitHub token", "ghs_", "", 30},
    {"a GitHub token", "ghr_", "", 30},        {"a GitHub token", "github_pat_", "_", 22},
    {"a GitLab token", "glpat-", "-_", 20},    {"a Slack token", "xoxb-", "-", 20},
    {"a Slack token", "xoxp-", "-", 20},       {"a Hugging Face token", "hf_", "", 30},
    {"a Groq API key", "gsk_", "", 20},        {"an xAI API key", "xai-", "-_", 40},
    {"a Perplexity API key", "pplx-", "", 40}, {"a Replicate token", "r8_", "", 30},
    {"a Stripe key", "sk_live_", "", 20},      {"a bearer token", "Bearer ", "-._~+/=", 20},
    {"a JSON Web Token", "eyJ", "-_.", 40},
};
constexpr std::string_view kPrivateKey = "-----BEGIN ";
constexpr std::string_view kPrivateKeyEnd = "PRIVATE KEY-----";

struct Secret {
  std::string_view kind;
  std::size_t at = 0;
  std::size_t size = 0;
};

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, is_digit);
}

// A header and a payload, both JSON objects in base64, and a signature.
bool is_web_token(std::string_view text) {
  return std::ranges::count(text, '.') == 2 && text.find(".eyJ") != text.npos;
}

// Whether a word may begin at `at`. The letter of a JSON escape, as in "key:\nsk-...", does not belong to the word.
bool begins_word(std::string_view text, std::size_t at) {
  if (at == 0) return true;
  if (!is_letter_or_digit(text[at - 1]) && text[at - 1] != '_' && text[at - 1] != '-') return true;
  for (const std::size_t length : {std::size_t{2}, std::size_t{6}}) {  // as \n and \u000a
    const std::size_t before = at < length ? 0 : at - length;
    if (read_escape(text.substr(before, at - before)).length != length) continue;
    // After an odd number of backslashes it is not an escape: they are one with its own.
    const auto other = text.substr(0, before).find_last_not_of('\\');
    if ((before - (other == text.npos ? 0 : other + 1)) % 2 == 0) return true;
  }
  return false;
}

std::optional<Secret> secret_of(const Shape& shape, std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with(shape.beginning)) return std::nullopt;
  if (!begins_word(text, at)) return std::nullopt;
  const std::size_t begin = at + shape.beginning.size();
  std::size_t end = begin;
  while (end < text.size() && (is_letter_or_digit(text[end]) || shape.others.find(text[end]) != shape.others.npos))
    ++end;
  const auto key = text.substr(begin, end - begin);
  if (key.size() < shape.shortest || !has_digit(key)) return std::nullopt;
  if (shape.beginning == "eyJ" && !is_web_token(key)) return std::nullopt;
  return Secret{shape.kind, at, end - at};
}

std::optional<Secret> private_key_at(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with(kPrivateKey)) return std::nullopt;
  constexpr std::size_t kLongestType = 30;  // as "ENCRYPTED "
  const auto type = text.substr(at, kPrivateKey.size() + kLongestType + kPrivateKeyEnd.size());
  if (type.find(kPrivateKeyEnd) == type.npos) return std::nullopt;
  const auto end = text.find("-----END ", at);
  const auto size = end == text.npos ? type.find(kPrivateKeyEnd) + kPrivateKeyEnd.size() : end - at;
  return Secret{"a private key", at, size};
}

// The first secret at `from` or after it.
std::optional<Secret> next(std::string_view text, std::size_t from) {
  constexpr std::string_view kFirst = "sAghxrpBe-";
  for (auto at = text.find_first_of(kFirst, from); at != text.npos; at = text.find_first_of(kFirst, at + 1)) {
    if (auto key = private_key_at(text, at)) return key;
    for (const Shape& shape : kShapes) {
      if (auto secret = secret_of(shape, text, at)) return secret;
    }
  }
  return std::nullopt;
}

// The text with the characters that JSON may write as escapes, so that a key in which some are escaped is found.
std::string without_escapes(std::string_view text) {
  std::string out;
  for (std::size_t at = text.find('\\'); at != text.npos; at = text.find('\\')) {
    out += text.substr(0, at);
    const Escape escape = read_escape(text.substr(at));
    const std::size_t length = std::max<std::size_t>(escape.length, 1);
    const bool is_ascii = escape.length > 0 && escape.code_point < 0x80;
    is_ascii ? out += static_cast<char>(escape.code_point) : out += text.substr(at, length);
    text.remove_prefix(at + length);
  }
  return out += text;
}

constexpr std::size_t kShown = 6;

std::optional<std::string> find_secret_in_events(std::string_view bytes, bool is_stream) {
  auto secret = find_secret(bytes);
  if (secret || !is_stream) return secret;
  TextExtractor extractor;
  std::string text = extractor.feed(bytes);
  text += extractor.finish();
  return find_secret(text);
}

std::optional<std::string> find_secret_in_answer(std::string_view bytes, bool is_stream) {
  const auto head = read_http_head(bytes, true);
  const std::string_view body = bytes.substr(head ? head->size : 0);
  if (!is_compressed(body)) return find_secret_in_events(bytes, is_stream);
  auto secret = find_secret(bytes.substr(0, bytes.size() - body.size()));
  return secret ? secret : find_secret_in_events(decompress(body).bytes, is_stream);
}

std::string describe_secret_in(std::string_view place, std::string_view secret) {
  return fmt::format("the {} holds what looks like {}", place, secret);
}

}  // namespace

std::optional<std::string> find_secret(std::string_view text) {
  const auto describe_first = [](std::string_view searched) -> std::optional<std::string> {
    const auto secret = next(searched, 0);
    if (!secret) return std::nullopt;
    return fmt::format("{} ({}...)", secret->kind, searched.substr(secret->at, kShown));
  };
  auto found = describe_first(text);
  const bool may_hide_one = text.find("\\u00") != text.npos || text.find("\\/") != text.npos;
  return found || !may_hide_one ? found : describe_first(without_escapes(text));
}

std::optional<std::string> find_secret(std::string_view request, const Answer& answer) {
  if (const auto secret = find_secret(request)) return describe_secret_in("request", *secret);
  const bool is_stream = answer.kind == EntryKind::stream;
  const auto secret = find_secret_in_answer(is_stream ? answer.recording.bytes : answer.body, is_stream);
  if (!secret) return std::nullopt;
  return describe_secret_in("answer", *secret);
}

bool redact_secrets(std::string& text) {
  bool any = false;
  for (auto secret = next(text, 0); secret; secret = next(text, secret->at + secret->size)) {
    std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(secret->at + kShown), secret->size - kShown, '*');
    any = true;
  }
  return any;
}

std::optional<Answer> without_secrets(Answer answer) {
  redact_secrets(answer.kind == EntryKind::stream ? answer.recording.bytes : answer.body);
  if (find_secret({}, answer)) return std::nullopt;
  return answer;
}

CheckedSecrets check_secrets(std::string_view endpoint, std::string_view request, const Answer& answer,
                             OnSecret on_secret) {
  constexpr const char* kAdvice = " (see --on-secret)";
  if (on_secret == OnSecret::allow) return {};
  if (const auto secret = find_secret(endpoint)) return {.refusal = describe_secret_in("endpoint", *secret) + kAdvice};
  const auto secret = find_secret(request, answer);
  if (!secret) return {};
  if (on_secret == OnSecret::refuse) return {.refusal = *secret + kAdvice};
  auto redacted = without_secrets(answer);
  if (!redacted) return {.refusal = *secret + ", which cannot be redacted: it is compressed or in pieces"};
  return {.redacted = std::move(redacted)};
}

}  // namespace libcache::internal
