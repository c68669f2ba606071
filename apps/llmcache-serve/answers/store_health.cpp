#include "answers/store_health.h"

#include <fmt/format.h>

namespace llmcache::serve {

void StoreHealth::note_lookup(const std::optional<libcache::Error>& error) {
  if (error) metrics_.count_store_error();
  if (error.has_value() == lookups_fail_) return;
  lookups_fail_ = error.has_value();
  report_.warn(error ? fmt::format("the store failed, requests go upstream uncached: {}", error->message)
                     : std::string("the store answers again"));
}

void StoreHealth::note_storing(const std::optional<libcache::Error>& error) {
  if (error) metrics_.count_store_error();
  if (error.has_value() == !storing_problem_.empty() || (error && lookups_fail_)) return;
  storing_problem_ = error ? error->message : "";
  report_.warn(error ? fmt::format("answers cannot be stored: {}", error->message)
                     : std::string("answers are stored again"));
}

}  // namespace llmcache::serve
