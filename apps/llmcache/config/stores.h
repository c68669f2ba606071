// The stores that the settings name: where they are, and how they are opened.
#pragma once

#include <libcache/open.h>

#include <span>
#include <string>
#include <vector>

#include "config/settings.h"

namespace llmcache {

// Near before far. Throws a Failure (usage) for what is no store's URL.
std::vector<libcache::StoreUrl> store_urls(const Settings& settings);

// All but the event handler. Throws a Failure (usage) if a server is among the URLs and its password cannot be had.
libcache::StoreOptions store_options(const Settings& settings, std::span<const Resolved> resolved,
                                     std::span<const libcache::StoreUrl> urls);

// What is unwise about them, one sentence each.
std::vector<std::string> store_cautions(const Settings& settings, std::span<const Resolved> resolved,
                                        std::span<const libcache::StoreUrl> urls);

// Whether a store is another program.
bool is_server(const libcache::StoreUrl& url);

}  // namespace llmcache
