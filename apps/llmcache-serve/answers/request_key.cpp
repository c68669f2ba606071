#include "answers/request_key.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <utility>

#include "nearest.h"

namespace llmcache::serve {

namespace lc = libcache;

namespace {

lc::KeyOptions key_options(const Context& context, const Question& question) {
  lc::KeyOptions options = context.key_options();
  options.endpoint = question.upstream.url;
  if (!question.session.empty()) options.session = question.session;
  if (question.options.sample) options.sample = *question.options.sample;
  options.ignore.insert(options.ignore.end(), question.options.ignore.begin(), question.options.ignore.end());
  return options;
}

}  // namespace

lc::Result<lc::RequestKey> derive_key(const Context& context, const Question& question) {
  // Most requests of a thread have the same options.
  thread_local std::optional<lc::KeyDeriver> deriver;
  lc::KeyOptions options = key_options(context, question);
  if (!deriver || deriver->options() != options) {
    auto created = lc::KeyDeriver::create(std::move(options));
    if (!created) return lc::fail(created.error());
    deriver = *std::move(created);
  }
  return deriver->derive(*question.upstream.body);
}

lc::Status check_key_options(const Context& context, const Question& question) {
  lc::KeyOptions options = key_options(context, question);
  options.endpoint.clear();  // which is not an option of the request
  const auto deriver = lc::KeyDeriver::create(std::move(options));
  return deriver ? lc::Status() : lc::fail(deriver.error());
}

std::string nearest_request(Context& context, const Question& question, const lc::RequestKey& key,
                            lc::Deadline deadline) {
  const lc::KeyOptions options = key_options(context, question);
  const auto nearest = find_nearest(context.cache().store(), options, *question.upstream.body, deadline);
  if (!nearest) return fmt::format("no answer is recorded for this request ({})", nearest.error().message);
  if (!*nearest)
    return fmt::format("no answer is recorded for this request, nor any other in session '{}'", options.session);
  const auto asked = key.stream ? lc::EntryKind::stream : lc::EntryKind::response;
  const std::string difference = (*nearest)->differences.empty()
                                     ? why_same_request_missed(key, **nearest, asked, options.scheme)
                                     : fmt::format("differs at {}", fmt::join(describe((*nearest)->differences), "; "));
  return fmt::format("no answer is recorded for this request; the nearest recorded request, {}, {}", (*nearest)->name,
                     difference);
}

}  // namespace llmcache::serve
