#include "monitor/unused_fixtures.h"

#include <fmt/format.h>
#include <libcache/fixtures.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "config/stores.h"
#include "ui/terminal.h"

namespace llmcache::serve {

namespace lc = libcache;

struct UnusedFixtures::Names {
  std::mutex mutex;
  std::set<std::string, std::less<>> names;
};

UnusedFixtures::UnusedFixtures(Context& context) : used_(std::make_shared<Names>()) {
  const auto urls = store_urls(context.settings());
  if (urls.size() != 1 || urls.front().kind != lc::StoreUrl::Kind::dir) return;
  directory_ = urls.front().path;
  context.watch_uses([used = used_](const lc::Use& use) {
    const std::lock_guard lock(used->mutex);
    used->names.emplace(use.name);
  });
}

std::vector<std::string> UnusedFixtures::paths() const {
  std::vector<std::string> paths;
  const auto fixtures = directory_ ? lc::check_fixtures(*directory_) : std::vector<lc::Fixture>();
  if (!fixtures) return paths;
  const std::lock_guard lock(used_->mutex);
  for (const lc::Fixture& fixture : *fixtures) {
    if (!fixture.name.empty() && !used_->names.contains(fixture.name)) paths.push_back(fixture.path);
  }
  return paths;
}

std::string describe_unused(const std::vector<std::string>& paths) {
  if (paths.empty()) return {};
  constexpr std::size_t kMostNamed = 5;
  std::string text =
      fmt::format("{} {} not used: ", paths.size(), paths.size() == 1 ? "recording was" : "recordings were");
  for (std::size_t i = 0; i < std::min(paths.size(), kMostNamed); ++i) {
    text += fmt::format("{}{}", i > 0 ? ", " : "", llmcache::escaped(paths[i], false));
  }
  if (paths.size() > kMostNamed) text += ", ...";
  return text;
}

}  // namespace llmcache::serve
