// Writes values of a document as compact JSON, the members of objects in their sorted order. Does not recurse.
#pragma once

#include <array>
#include <vector>

#include "text/json/document.h"

namespace libcache::internal {

// The comma before a value, unless it is the first of its container: only that one directly follows an opening bracket,
// since strings end in a quote.
template <class Out>
void append_comma(Out& out) {
  if (out.back() != '{' && out.back() != '[') out += ',';
}

// Out is a string or has the same operators. The Style determines the spelling:
//   void scalar(Out& out, const JsonNode& value);
//   void name(Out& out, const JsonNode& member);
//   bool leaves_out(const JsonNode& member, const JsonNode* following);   the next one in sorted order, if any
//   void before(Out& out, std::size_t depth, const JsonNode* member);   the next member, or nullptr at the end
// where the members of the value itself have depth 1.
template <class Out, class Style>
class TreeWriter {
 public:
  TreeWriter(Out& out, const JsonDocument& document, Style style) : out_(out), document_(document), style_(style) {
    if (document.max_depth() <= few_.size()) return;
    many_.resize(document.max_depth());
    open_ = many_.data();
  }

  void write(const JsonNode& value) {
    begin(value);
    while (depth_ > 0) step(open_[depth_ - 1]);
  }

 private:
  struct Container {
    const JsonNode* node;
    std::uint32_t next;  // the next element of an array, or position among an object's sorted members
  };

  void begin(const JsonNode& value) {
    if (value.kind == JsonKind::object) {
      out_ += '{';
      open_[depth_++] = {&value, 0};
    } else if (value.kind == JsonKind::array) {
      out_ += '[';
      open_[depth_++] = {&value, document_.index_of(value) + 1};
    } else {
      style_.scalar(out_, value);
    }
  }

  // Writes the next part of the innermost container: an element, a member or its end.
  void step(Container& container) {
    if (container.node->kind == JsonKind::object) {
      step_object(container);
    } else if (container.next == container.node->end) {
      end(']');
    } else {
      const JsonNode& element = document_.node(container.next);
      container.next = element.end;
      append_comma(out_);
      begin(element);
    }
  }

  void step_object(Container& object) {
    const auto members = document_.sorted_members(*object.node);
    const auto at = [&](std::size_t index) {
      return index < members.size() ? &document_.node(members[index]) : nullptr;
    };
    const JsonNode* member = at(object.next);
    while (member != nullptr && style_.leaves_out(*member, at(object.next + 1))) member = at(++object.next);
    style_.before(out_, depth_, member);
    if (member == nullptr) return end('}');
    ++object.next;
    append_comma(out_);
    style_.name(out_, *member);
    out_ += ':';
    begin(*member);
  }

  void end(char bracket) {
    out_ += bracket;
    --depth_;
  }

  Out& out_;
  const JsonDocument& document_;
  Style style_;
  std::size_t depth_ = 0;
  std::array<Container, JsonDocument::kMaxDepth> few_;
  std::vector<Container> many_;
  Container* open_ = few_.data();  // the containers that are not closed yet, outermost first
};

}  // namespace libcache::internal
