// The stores that the settings name, and how they are opened.
#pragma once

#include <libcache/open.h>

#include <span>
#include <string>
#include <vector>

#include "config/settings.h"

namespace llmcache {

// The store that a URL names; `sqlite:` alone is the default file. Throws a Failure (usage).
libcache::StoreUrl parse_store(const std::string& text);

// Near stores before far ones. Throws a Failure (usage) for an invalid URL.
std::vector<libcache::StoreUrl> store_urls(const Settings& settings);

// All but the event handler. Reads the password if one of the URLs is a server's, and throws a PasswordFailure if that
// fails.
libcache::StoreOptions store_options(const Settings& settings, std::span<const Resolved> resolved,
                                     std::span<const libcache::StoreUrl> urls, libcache::Deadline deadline);

// Warnings about them, one sentence each.
std::vector<std::string> store_cautions(const Settings& settings, std::span<const Resolved> resolved,
                                        std::span<const libcache::StoreUrl> urls);

// Whether the store is a server.
bool is_server(const libcache::StoreUrl& url);

// The text of `llmcache help stores`.
std::string stores_help();

}  // namespace llmcache
