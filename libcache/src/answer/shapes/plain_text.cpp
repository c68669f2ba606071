#include "answer/shapes/plain_text.h"

#include <algorithm>
#include <optional>

#include "text/ascii.h"
#include "text/trim.h"

namespace libcache::internal {

namespace {

constexpr std::string_view kDigits = "0123456789";

// In lower case, as all text here is.
constexpr std::string_view kProxyMessages[] = {
    "internal server error", "bad gateway",         "service unavailable",     "gateway timeout",
    "too many requests",     "no healthy upstream", "stream timeout",          "rbac: access denied",
    "default backend - 404", "404 page not found",  "upstream request timeout"};

bool is_letter_or_digit(char character) {
  return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
}

bool is_status_number(std::string_view text) {
  return text.size() == 3 && text.find_first_not_of(kDigits) == std::string_view::npos;
}

constexpr std::string_view kSeparators = " \t\r\n:-.,()";

// Without an HTTP status number before it and what separates the two.
std::string_view without_status_before(std::string_view text) {
  if (is_status_number(text.substr(0, 3)) && text.size() > 3 && !is_letter_or_digit(text[3])) {
    text.remove_prefix(std::min(text.find_first_not_of(kSeparators, 3), text.size()));
  }
  return text;
}

// The same for one after it.
std::string_view without_status_after(std::string_view text) {
  std::string_view end = text.substr(0, text.find_last_not_of(kSeparators) + 1);
  if (end.size() > 3 && is_status_number(end.substr(end.size() - 3)) && !is_letter_or_digit(end[end.size() - 4])) {
    end.remove_suffix(3);
    text = end.substr(0, end.find_last_not_of(kSeparators) + 1);
  }
  return text;
}

bool is_proxy_message(std::string_view text) {
  constexpr std::size_t kLongest = 300;
  if (text.size() > kLongest) return false;
  if (text.starts_with("upstream connect error")) return true;
  // Some messages end in a number or begin with one themselves.
  const std::string_view after = without_status_before(text);
  for (const std::string_view candidate : {text, after, without_status_after(text), without_status_after(after)}) {
    if (std::ranges::find(kProxyMessages, candidate) != std::end(kProxyMessages)) return true;
    constexpr std::string_view kErrorCode = "error code: ";
    const std::string_view code = candidate.starts_with(kErrorCode) ? candidate.substr(kErrorCode.size()) : "";
    if (!code.empty() && code.find_first_not_of(kDigits) == std::string_view::npos) return true;
  }
  return false;
}

// Comments and an XML declaration may precede a page.
std::string_view without_prolog(std::string_view html) {
  for (;;) {
    html = trimmed(html);
    const std::string_view end = html.starts_with("<!--") ? "-->" : html.starts_with("<?xml") ? "?>" : "";
    const std::size_t at = end.empty() ? std::string_view::npos : html.find(end);
    if (at == std::string_view::npos) return html;
    html.remove_prefix(at + end.size());
  }
}

bool is_html(std::string_view text) {
  const std::string_view html = without_prolog(text);
  return html.starts_with("<!doctype html") || html.starts_with("<html") || html.starts_with("<head>");
}

// What is between a tag and its end; nothing if there is no such tag.
std::optional<std::string> element(std::string_view html, const std::string& tag) {
  for (std::size_t at = html.find("<" + tag); at != std::string_view::npos; at = html.find("<" + tag, at + 1)) {
    const std::size_t begin = at + 1 + tag.size();
    const bool is_tag = begin < html.size() && (html[begin] == '>' || html[begin] == ' ' || html[begin] == '\n');
    const std::size_t open_end = is_tag ? html.find('>', begin) : std::string_view::npos;
    if (open_end == std::string_view::npos) continue;
    const std::size_t end = html.find("</" + tag, open_end);
    return std::string(html.substr(open_end + 1, end - open_end - 1));
  }
  return std::nullopt;
}

// With one space for all white space between two words.
void append_words(std::string& text, std::string_view words) {
  for (const char character : words) {
    const bool is_space = character == ' ' || character == '\t' || character == '\r' || character == '\n';
    if (!is_space) text += character;
    if (is_space && !text.ends_with(' ')) text += ' ';
  }
}

// Without scripts, styles and comments, which may contain tags.
std::string without_hidden(std::string_view html) {
  std::string shown;
  while (!html.empty()) {
    const std::size_t tag = html.find('<');
    shown += html.substr(0, tag);
    if (tag == std::string_view::npos) break;
    html.remove_prefix(tag);
    const std::string_view end = html.starts_with("<script")  ? "</script>"
                                 : html.starts_with("<style") ? "</style>"
                                 : html.starts_with("<!--")   ? "-->"
                                                              : "";
    if (end.empty()) {
      shown += '<';
      html.remove_prefix(1);
      continue;
    }
    const std::size_t at = html.find(end);
    html.remove_prefix(at == std::string_view::npos ? html.size() : at + end.size());
    shown += ' ';
  }
  return shown;
}

// The text between the tags.
std::string text_between_tags(std::string_view html) {
  std::string text;
  while (!html.empty()) {
    const std::size_t tag = html.find('<');
    append_words(text, html.substr(0, tag));
    if (tag == std::string_view::npos) break;
    html.remove_prefix(std::min(html.find('>', tag), html.size() - 1) + 1);
    append_words(text, " ");
  }
  return text;
}

std::optional<std::string> first_heading(std::string_view html) {
  for (const char* const tag : {"h1", "h2", "h3"}) {
    if (auto heading = element(html, tag)) return heading;
  }
  return std::nullopt;
}

// Whether a word that begins like this is in the text: "error" is in "errors", but not in "terror".
bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if (at == 0 || !is_letter_or_digit(text[at - 1])) return true;
  }
  return false;
}

bool has_http_error_number(std::string_view text) {
  for (std::size_t at = 0; (at = text.find_first_of("45", at)) != std::string_view::npos; ++at) {
    const bool begins = at == 0 || !is_letter_or_digit(text[at - 1]);
    const bool ends = at + 3 >= text.size() || !is_letter_or_digit(text[at + 3]);
    if (begins && ends && is_status_number(text.substr(at, 3))) return true;
  }
  return false;
}

bool is_error_page(std::string_view page) {
  const std::string html = without_hidden(page);
  const auto title = element(html, "title");
  const auto heading = first_heading(html);
  std::string text = text_between_tags(title.value_or("") + " " + heading.value_or(""));
  if (!title && !heading) text = text_between_tags(html);
  for (const std::string_view word :
       {"error", "denied", "forbidden", "unavailable", "not found", "just a moment", "sign in"}) {
    if (has_word(text, word)) return true;
  }
  return has_http_error_number(text);
}

}  // namespace

std::string describe_text_error(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return "the answer is empty";
  if (text == "null") return "the answer is null";
  constexpr std::size_t kLongestPage = 1 << 20;
  const std::string lower = to_lower(text.substr(0, kLongestPage));
  if (is_html(lower)) return is_error_page(lower) ? "the answer is an HTML page that reports an error" : "";
  return is_proxy_message(lower) ? "the answer is a proxy's error message" : "";
}

}  // namespace libcache::internal
