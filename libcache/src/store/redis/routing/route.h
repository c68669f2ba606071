// From a key to the server that has it. The only place that knows whether there is one server or many.
#pragma once

#include <libcache/result.h>
#include <libcache/store.h>
#include <libcache/time.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "store/redis/routing/placement.h"
#include "store/redis/server/node.h"

namespace libcache::internal::redis {

using Masters = std::vector<std::shared_ptr<Node>>;

// Thread-safe.
class Route {
 public:
  virtual ~Route() = default;

  // Runs commands on one key each (key_of), each where its key belongs, pipelined per server. The replies are in
  // order; one may be an error reply.
  virtual Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat, Deadline deadline) = 0;

  // The server that has a key, as far as is known.
  virtual Result<std::shared_ptr<Node>> node_of(std::string_view key, Deadline deadline) = 0;

  // The servers that together hold every key.
  virtual Result<Masters> masters(Deadline deadline) = 0;

  // The same, asked for anew where `known`, one of whom has failed, are still the latest.
  virtual Result<Masters> masters_after(const Masters& known, Deadline deadline) = 0;

  // Which of them has which keys, for whoever has to know whether any have moved.
  virtual Result<Layout> layout(Deadline deadline) = 0;
};

// The key that a command is about: its second argument, or what stands first behind STREAMS.
std::string_view key_of(const Command& command);

// The route that `url` calls for. Fails: invalid, for TLS options that cannot be used; not_supported.
Result<std::unique_ptr<Route>> make_route(const StoreUrl& url, const StoreOptions& options);

}  // namespace libcache::internal::redis
