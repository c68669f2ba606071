#include "context.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "config/stores.h"

namespace llmcache {

namespace lc = libcache;

Context::Context(Settings settings, std::vector<Resolved> resolved, Report report, std::vector<std::string> warnings)
    : settings_(std::move(settings)), resolved_(std::move(resolved)), report_(report), warnings_(std::move(warnings)) {
  out_.set_color(is_colored(settings_.color, STDOUT_FILENO));
}

bool Context::is_set(std::string_view name) const {
  return llmcache::is_set(resolved_, name);
}

lc::KeyOptions Context::key_options() const {
  lc::KeyOptions options;
  options.scheme = settings_.compat;
  options.form = settings_.form;
  options.prefix = settings_.prefix;
  options.session = settings_.session;
  options.ignore = settings_.ignore;
  options.provider = settings_.provider;
  options.by_model = settings_.by_model;
  options.by_provider = settings_.by_provider;
  options.sample = settings_.sample;
  return options;
}

lc::StoreOptions Context::store_options(std::span<const lc::StoreUrl> urls) const {
  lc::StoreOptions options = llmcache::store_options(settings_, resolved_, urls);
  options.on_event = [report = report_](const lc::Event& event) {
    event.severity == lc::Event::Severity::warning ? report.warn(event.message) : report.note(event.message);
  };
  return options;
}

lc::Cache& Context::cache() {
  if (cache_) return *cache_;
  const auto urls = store_urls(settings_);
  for (const std::string& caution : store_cautions(settings_, resolved_, urls)) report_.warn(caution);
  const lc::StoreOptions store_options = this->store_options(urls);
  auto store = checked_option(lc::open_stores(urls, store_options));
  lc::CacheOptions options;
  options.key = key_options();
  options.tool = "llmcache " LLMCACHE_VERSION;
  if (settings_.compat == lc::KeyScheme::native &&
      settings_.ttl.duration.value_or(lc::Milliseconds(0)) < lc::Milliseconds(0)) {
    usage_error("the TTL is negative, which only --compat bifrost allows");
  }
  options.ttl = settings_.ttl;
  options.policy = {settings_.refuse, settings_.accept_incomplete};
  options.keep_request = settings_.keep_request;
  options.max_entry = settings_.max_entry;
  options.on_event = store_options.on_event;
  cache_ = checked_option(lc::Cache::create(std::move(store), std::move(options)));
  return *cache_;
}

lc::Deadline Context::deadline() {
  if (!deadline_) deadline_ = lc::Deadline::after(settings_.deadline);
  return *deadline_;
}

lc::Deadline Context::long_deadline() {
  return is_set("deadline") ? deadline() : lc::Deadline::never();
}

lc::Lookup Context::settle(lc::Result<lc::Lookup> lookup) {
  if (!lookup) {
    if (!settings_.miss_on_store_error) throw Failure(lookup.error());
    report_.warn(lookup.error().message);
    return {};
  }
  const bool damaged = lookup->miss == lc::MissReason::corrupt || lookup->miss == lc::MissReason::incomplete;
  if (settings_.strict && damaged) {
    throw Failure(Exit::damaged, fmt::format("the stored entry is damaged: {}", lookup->reason));
  }
  report_.note(*lookup ? "hit" : fmt::format("miss ({})", to_string(lookup->miss)));
  return std::move(*lookup);
}

void read_input(const std::string& path, const std::function<void(std::string_view)>& take) {
  const bool is_stdin = path == "-";
  const int descriptor = is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  constexpr std::size_t kPiece = 64 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kPiece);  // most requests touch few of its pages
  ssize_t received = descriptor < 0 ? -1 : 1;
  while (received > 0) {
    do {
      received = ::read(descriptor, buffer.get(), kPiece);
    } while (received < 0 && errno == EINTR);
    if (received > 0) take(std::string_view(buffer.get(), static_cast<std::size_t>(received)));
  }
  const int error = errno;
  if (!is_stdin && descriptor >= 0) ::close(descriptor);
  if (received < 0) {
    throw Failure(Exit::bad_input, fmt::format("{}: {}", is_stdin ? "stdin" : path, std::strerror(error)));
  }
}

std::string read_input(const std::string& path) {
  std::string bytes;
  read_input(path, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

}  // namespace llmcache
