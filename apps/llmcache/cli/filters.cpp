#include "cli/filters.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <libcache/stream.h>

#include <algorithm>

#include "config/values.h"
#include "ui/describe.h"
#include "ui/json_line.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;

constexpr Choice<lc::EntryKind> kKinds[] = {{"response", lc::EntryKind::response}, {"stream", lc::EntryKind::stream}};

bool is_like(const std::string& glob, const std::string& text) {
  return glob.empty() || ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

// As JSON spells the text within a string.
std::string within_json(const std::string& text) {
  const Json json(text);
  return json.text().substr(1, json.text().size() - 2);
}

// Whether a text occurs in the request or the answer of an entry, as it is or as JSON spells it. The events of a stream
// may cut it into pieces, so the text of the answer is searched too.
lc::Result<bool> contains(const lc::Entry& entry, const std::string& text) {
  const std::string spelled = within_json(text);
  const auto in = [&](const std::string& bytes) {
    return bytes.find(text) != std::string::npos || bytes.find(spelled) != std::string::npos;
  };
  const auto request = entry.request();
  if (!request) return lc::fail(request.error());
  if (*request && in(**request)) return true;
  std::string body;
  std::string shown;
  lc::TextExtractor extractor;
  const auto read = entry.read([&](const lc::Chunk& chunk) -> lc::Status {
    body += chunk.bytes;
    shown += extractor.feed(chunk.bytes);
    return {};
  });
  if (!read) return lc::fail(read.error());
  shown += extractor.finish();
  return in(body) || in(shown);
}

}  // namespace

bool leave_out_damaged(Context& context, const lc::ScanRow& row, bool has_head) {
  if (has_head) {
    if (!context.settings().strict) return false;
    const auto found = context.cache().read_named(row.name, context.long_deadline());
    if (!found) throw Failure(found.error());
    if (found->miss != lc::MissReason::corrupt) return false;
  } else if (!lc::EntryName::parse(row.name, context.key_options().scheme)) {
    return false;
  }
  context.warn_of_damage(fmt::format("{} is left out: it is damaged", quoted_if_odd(row.name)));
  return true;
}

void Filters::declare(Options& options) {
  options.value("--kind", "KIND", kind_, "only entries of this kind: response or stream").choices = names_of(kKinds);
  options.value("--model", "GLOB", model_, "only entries whose model matches");
  options.value("--older-than", "D", older_than_, "only entries that were stored longer ago");
  options.value("--newer-than", "D", newer_than_, "only entries that were stored since then");
  options.value("--expires-within", "D", expires_within_, "only entries that expire within this time");
  options.value("--larger-than", "SIZE", larger_than_, "only entries that take more bytes in the store");
  options.value("--grep", "TEXT", text_, "only entries with this text in their request or answer");
}

void Filters::read(const Context& context) {
  by_session_ = context.is_set("session");
  if (context.is_flag("endpoint")) endpoint_ = context.settings().endpoint;
  if (!kind_.empty()) only_kind_ = parse_choice(kind_, kKinds);
  const lc::UnixTime now = lc::system_now();
  if (!older_than_.empty()) created_before_ = now - parse_duration(older_than_);
  if (!newer_than_.empty()) created_since_ = now - parse_duration(newer_than_);
  if (!expires_within_.empty()) expires_before_ = now + parse_duration(expires_within_);
  if (!larger_than_.empty()) larger_ = parse_size(larger_than_);
}

bool Filters::by_entry() const {
  return only_kind_ || created_before_ || created_since_ || expires_before_ || larger_ || !text_.empty();
}

bool Filters::needs_head() const {
  return by_entry() || !model_.empty() || !endpoint_.empty();
}

// A gateway's stream has a value for each chunk. They are selected together: what is left of a stream might look complete.
lc::Result<bool> Filters::accept(Context& context, const lc::ScanRow& row, const lc::EntryHead& head) const {
  if (context.key_options().scheme == lc::KeyScheme::native || head.kind == lc::EntryKind::response) {
    return accept_entry(context, row, head);
  }
  const std::string name = context.cache().entry_name(row.name, head.kind);
  if (const auto known = streams_.find(name); known != streams_.end()) return known->second;
  const auto found = context.cache().read_named(row.name, context.long_deadline());
  if (!found) return lc::fail(found.error());
  const auto& entry = *found ? found->entry : found->partial;
  if (!entry) return accept_entry(context, row, head);
  const auto stream = entry->head();
  if (!stream) return lc::fail(stream.error());
  lc::ScanRow whole = row;
  whole.size = entry->payload_size();
  auto accepted = accept_entry(context, whole, *stream);
  if (accepted) streams_[name] = *accepted;
  return accepted;
}

lc::Result<bool> Filters::accept_entry(Context& context, const lc::ScanRow& row, const lc::EntryHead& head) const {
  if (only_kind_ && head.kind != *only_kind_) return false;
  if (larger_ && row.size <= *larger_) return false;
  if (created_before_ && (!is_dated(head) || head.created >= *created_before_)) return false;
  if (created_since_ && (!is_dated(head) || head.created < *created_since_)) return false;
  // How long a rejection lasts, only its store knows.
  const auto& expires = head.metadata.rejected.empty() ? head.expires : row.expires;
  if (expires_before_ && (!expires || *expires > *expires_before_)) return false;
  if (!is_like(model_, head.metadata.model) || !is_like(endpoint_, head.metadata.endpoint)) return false;
  if (text_.empty()) return true;
  const auto found = context.cache().read_named(row.name, context.long_deadline());
  if (!found) return lc::fail(found.error());
  const auto& entry = *found ? found->entry : found->partial;
  if (found->miss == lc::MissReason::corrupt) {
    context.warn_of_damage(fmt::format("{} is left out: it is damaged", quoted_if_odd(row.name)));
  }
  return entry && contains(*entry, text_).value_or(false);
}

void Filters::for_each(Context& context, const std::string& prefix, const Visitor& visit) const {
  lc::Cache& cache = context.cache();
  const lc::KeyOptions options = context.key_options();
  const auto visit_row = [&](const lc::ScanRow& row) -> lc::Result<bool> {
    if (!row.name.starts_with(prefix)) return true;
    if (by_session_ && !lc::is_of_session(row.name, options)) return true;
    const auto head = cache.head(row);
    if (head && !head->metadata.rejected.empty()) return true;
    if (needs_head()) {
      const auto accepted = head ? accept(context, row, *head) : false;
      if (!accepted) return lc::fail(accepted.error());
      if (!*accepted) return true;
    }
    return visit(row, head);
  };
  const std::string of_session = by_session_ ? lc::session_prefix(options) : "";
  const std::string& longest = of_session.size() > prefix.size() ? of_session : prefix;
  checked(cache.store().scan(longest, cache.head_bytes(), visit_row, context.long_deadline()));
}

}  // namespace llmcache
