#include "answers/question.h"

#include <utility>

namespace llmcache::serve {

namespace lc = libcache;

std::string reason_not_to_store(const RequestOptions& options) {
  if (options.cache_control.no_store) return "no-store";
  if (options.ttl && options.ttl->duration && options.ttl->duration->count() <= 0) return "ttl 0";
  return {};
}

bool asks_upstream(const Question& question) {
  return question.mode != Mode::replay && !question.options.cache_control.only_if_cached;
}

bool may_look_up(const Question& question) {
  return question.mode != Mode::refresh && !question.options.cache_control.no_cache;
}

bool accepts_stored(const Question& question) {
  return question.mode == Mode::replay || may_look_up(question);
}

std::shared_ptr<const Hit> make_hit(std::shared_ptr<const lc::Entry> entry) {
  constexpr std::uint64_t kLargestWhole = 256 * 1024;
  const auto hit = std::make_shared<Hit>();
  hit->metadata = entry->metadata().value_or(lc::Metadata{});
  hit->cost = entry->cost();
  if (entry->kind() == lc::EntryKind::response && entry->payload_size() <= kLargestWhole) hit->body = entry->body();
  hit->entry = std::move(entry);
  return hit;
}

bool is_fresh(const Hit& hit, const CacheControl& control) {
  return !control.max_age || lc::system_now() - hit.entry->created() <= *control.max_age;
}

}  // namespace llmcache::serve
