#include <fmt/format.h>
#include <libcache/key.h>

#include <algorithm>

#include "key/align.h"
#include "key/pointer.h"
#include "text/json/canonical.h"
#include "text/json/document.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

namespace {

// Compares two canonical texts: equal scalars have equal tokens there.
class Comparison {
 public:
  Comparison(const JsonDocument& left, const JsonDocument& right) : left_(left), right_(right) {}

  std::vector<Difference> differences() {
    pending_.push_back({{}, &left_.root(), &right_.root()});
    while (!pending_.empty()) {
      const Pair pair = std::move(pending_.back());
      pending_.pop_back();
      compare(pair);
    }
    return std::move(found_);
  }

 private:
  // The values at one pointer, of which one may be absent.
  struct Pair {
    std::string pointer;
    const JsonNode* left = nullptr;
    const JsonNode* right = nullptr;
  };

  static std::vector<const JsonNode*> elements_of(const JsonDocument& document, const JsonNode& array);
  void compare(const Pair& pair);
  void compare_members(const Pair& pair);
  void compare_elements(const Pair& pair);

  const JsonDocument& left_;
  const JsonDocument& right_;
  std::vector<Pair> pending_;  // a stack
  std::vector<Difference> found_;
};

bool is_number(const JsonNode& node) {
  return node.kind == JsonKind::integer || node.kind == JsonKind::decimal;
}

std::optional<std::string> text_of(const JsonDocument& document, const JsonNode* node) {
  if (node == nullptr) return std::nullopt;
  if (is_number(*node)) return std::string(node->token);  // -0 and 0 differ under Bifrost
  std::string out;
  append_canonical(out, document, *node);
  return out;
}

void Comparison::compare(const Pair& pair) {
  const bool same_kind = pair.left != nullptr && pair.right != nullptr && pair.left->kind == pair.right->kind;
  if (same_kind && pair.left->kind == JsonKind::object) {
    compare_members(pair);
  } else if (same_kind && pair.left->kind == JsonKind::array) {
    compare_elements(pair);
  } else if (!same_kind || pair.left->token != pair.right->token) {
    found_.push_back({pair.pointer, text_of(left_, pair.left), text_of(right_, pair.right)});
  }
}

// What each element is, for align(): equal values have equal texts.
std::vector<std::string> fingerprints(const JsonDocument& document, const std::vector<const JsonNode*>& elements) {
  std::vector<std::string> texts;
  for (const JsonNode* element : elements) {
    std::string text;
    for (std::uint32_t index = document.index_of(*element); index < element->end; ++index) {
      const JsonNode& node = document.node(index);
      text += static_cast<char>('a' + static_cast<int>(node.kind));
      text.append(node.name).append(1, ':').append(node.token).append(1, '\n');
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

// Pushes the pairs of members in reverse order.
void Comparison::compare_members(const Pair& pair) {
  auto left = left_.sorted_members(*pair.left);
  auto right = right_.sorted_members(*pair.right);
  while (!left.empty() || !right.empty()) {
    const JsonNode* in_left = left.empty() ? nullptr : &left_.node(left.back());
    const JsonNode* in_right = right.empty() ? nullptr : &right_.node(right.back());
    if (in_left != nullptr && in_right != nullptr && in_left->name != in_right->name) {
      (utf16_order(in_left->name, in_right->name) < 0 ? in_left : in_right) = nullptr;
    }
    Pair& member = pending_.emplace_back(pair.pointer, in_left, in_right);
    append_pointer(member.pointer, (in_left != nullptr ? in_left : in_right)->name);
    if (in_left != nullptr) left = left.first(left.size() - 1);
    if (in_right != nullptr) right = right.first(right.size() - 1);
  }
}

// Pushes the pairs of aligned elements in reverse order. An element that both lists have is called by its place on the
// right.
void Comparison::compare_elements(const Pair& pair) {
  const auto left = elements_of(left_, *pair.left);
  const auto right = elements_of(right_, *pair.right);
  const auto aligned = align(fingerprints(left_, left), fingerprints(right_, right));
  for (auto place = aligned.rbegin(); place != aligned.rend(); ++place) {
    Pair& element = pending_.emplace_back(pair.pointer, place->left ? left[*place->left] : nullptr,
                                          place->right ? right[*place->right] : nullptr);
    append_pointer(element.pointer, place->right ? *place->right : *place->left);
  }
}

std::vector<const JsonNode*> Comparison::elements_of(const JsonDocument& document, const JsonNode& array) {
  std::vector<const JsonNode*> elements;
  for (std::uint32_t index = document.index_of(array) + 1; index < array.end; index = document.node(index).end) {
    elements.push_back(&document.node(index));
  }
  return elements;
}

Result<JsonDocument> key_document(KeyDeriver& deriver, std::string_view request, std::string_view side) {
  const auto key = deriver.derive(request);
  if (!key) return fail(key.error().code, fmt::format("the {} request: {}", side, key.error().message));
  JsonDocument document;
  if (auto status = document.parse(key->canonical); !status) return fail(ErrorCode::internal, status.error().message);
  return document;
}

}  // namespace

Result<std::vector<Difference>> diff(const KeyOptions& options, std::string_view left, std::string_view right) {
  auto deriver = KeyDeriver::create(options);
  if (!deriver) return fail(deriver.error());
  const auto left_document = key_document(*deriver, left, "left");
  if (!left_document) return fail(left_document.error());
  const auto right_document = key_document(*deriver, right, "right");
  if (!right_document) return fail(right_document.error());
  return Comparison(*left_document, *right_document).differences();
}

}  // namespace libcache LIBCACHE_EXPORT
