// The certificates that the options name.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "options.h"

namespace llmcache::serve {

// What the server needs to serve HTTPS; null for HTTP. Throws a Failure (usage) that names the file which cannot be used,
// also for upstreams.
std::unique_ptr<boost::asio::ssl::context> open_tls(const ServeOptions& options);

}  // namespace llmcache::serve
