#include "context.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "config/stores.h"
#include "config/values.h"
#include "process/use_log.h"

namespace llmcache {

namespace lc = libcache;

Context::Context(Settings settings, std::vector<Resolved> resolved, Report report, std::vector<std::string> warnings,
                 std::string settings_error)
    : settings_(std::move(settings)),
      resolved_(std::move(resolved)),
      report_(std::move(report)),
      warnings_(std::move(warnings)),
      settings_error_(std::move(settings_error)) {
  out_.set_color(is_colored(settings_.color, STDOUT_FILENO));
}

namespace {

bool is_outage(const lc::Event& event) {
  return event.name == "store.unavailable" || event.name == "store.available" || event.name == "fill.uncached";
}

}  // namespace

bool is_damaged(const lc::Lookup& lookup) {
  return lookup.miss == lc::MissReason::corrupt || lookup.miss == lc::MissReason::incomplete;
}

bool Context::is_set(std::string_view name) const {
  return llmcache::is_set(resolved_, name);
}

bool Context::is_flag(std::string_view name) const {
  return std::ranges::any_of(
      resolved_, [&](const Resolved& row) { return row.setting->name == name && row.origin == kFlagOrigin; });
}

lc::StoreOptions Context::store_options(std::span<const lc::StoreUrl> urls) {
  const auto start = std::chrono::steady_clock::now();
  lc::StoreOptions options =
      llmcache::store_options(settings_, resolved_, urls, lc::Deadline::after(settings_.deadline));
  password_time_ = std::chrono::ceil<lc::Milliseconds>(std::chrono::steady_clock::now() - start);
  options.on_event = [report = report_, outages = reports_outages_, damage = found_damage_](const lc::Event& event) {
    if (!outages && is_outage(event)) return;
    if (event.name == "entry.corrupt") *damage = true;
    event.severity == lc::Event::Severity::warning ? report.warn(event.message) : report.note(event.message);
  };
  return options;
}

lc::Cache& Context::cache() {
  if (cache_) return *cache_;
  const auto urls = store_urls(settings_);
  for (const std::string& caution : store_cautions(settings_, resolved_, urls)) report_.warn(caution);
  lc::StoreOptions store_options = this->store_options(urls);
  // With several stores, reads fill the near ones, so these must stay writable.
  store_options.only_reads = use_ != Use::write && urls.size() == 1;
  auto store = checked_option(lc::open_stores(urls, store_options));
  lc::CacheOptions options = settings_.cache;
  options.keep_statistics &= use_ != Use::read;
  options.tool = "llmcache " LLMCACHE_VERSION;
  if (takes_accepted_ && !settings_.strict) {
    options.policy = {.refuse = {}, .accept_incomplete = true, .accept_errors = true};
  }
  if (!scheme().negative_ttl && options.ttl.duration.value_or(lc::Milliseconds(0)).count() < 0) {
    usage_error("the TTL is negative, which only --compat bifrost allows");
  }
  options.on_event = store_options.on_event;
  options.on_use = use_watcher_;
  if (!settings_.use_log.empty()) {
    options.on_use = [log = log_uses_to(settings_.use_log, report_), watcher = use_watcher_](const lc::Use& use) {
      log(use);
      if (watcher) watcher(use);
    };
  }
  cache_ = checked_option(lc::Cache::create(std::move(store), std::move(options)));
  return *cache_;
}

lc::Deadline Context::deadline() {
  if (!deadline_) deadline_ = lc::Deadline::after(settings_.deadline - password_time_);
  return *deadline_;
}

lc::Deadline Context::long_deadline() {
  return is_set("deadline") ? deadline() : lc::Deadline::never();
}

lc::Lookup Context::settle(lc::Result<lc::Lookup> lookup, const Report& report) const {
  if (!lookup) {
    if (!settings_.miss_on_store_error) throw Failure(lookup.error());
    report.warn(lookup.error().message);
    return {};
  }
  note(*lookup, report);
  return std::move(*lookup);
}

bool Context::settle(const lc::Result<bool>& change) const {
  if (change || settings_.strict || change.error().code != lc::ErrorCode::corrupt) return checked(change);
  report_.warn(change.error().message);
  return false;
}

void Context::warn_of_damage(const std::string& message) const {
  *found_damage_ = true;
  report_.warn(message);
}

void Context::check_damage() const {
  if (settings_.strict && *found_damage_) throw Failure(Exit::damaged, "some entries are damaged: see the warnings");
}

void Context::note(const lc::Lookup& lookup, const Report& report) const {
  if (settings_.strict && is_damaged(lookup)) {
    throw Failure(Exit::damaged, fmt::format("the stored entry is damaged: {}", lookup.reason));
  }
  if (lookup.expired) {
    return report.note(fmt::format("miss (expired {} ago)", format_duration(lc::system_now() - *lookup.expired)));
  }
  if (lookup.entry && report.verbose) {
    const auto expires = lookup.entry->expires();
    const std::string lifetime =
        expires ? format_duration(std::max(*expires - lc::system_now(), lc::Milliseconds(0))) + " left"
                : "never expires";
    return report.note(fmt::format("hit ({})", lifetime));
  }
  report.note(lookup ? "hit" : fmt::format("miss ({})", to_string(lookup.miss)));
}

std::string Context::stored_message() const {
  const auto ttl = settings_.cache.ttl.duration;
  const bool expires = ttl && (ttl->count() > 0 || !scheme().negative_ttl);
  return expires ? fmt::format("stored for {}", format_duration(*ttl)) : "stored; it never expires";
}

}  // namespace llmcache
