// One client: reads its requests one after another and writes the answers.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <string>
#include <utility>

#include "event_loop.h"

namespace llmcache::serve {

class Service;

// A TCP or unix socket that has been accepted.
using ClientSocket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, LoopExecutor>;

struct Client {
  ClientSocket socket;
  std::string local_address;  // empty for a unix socket
};

// Serves a client until it or the server ends the connection. `tls` may be null. Never throws.
Awaitable<void> serve_client(Service& service, Client client, boost::asio::ssl::context* tls);

// Turns a client away because there are too many.
Awaitable<void> turn_away(Client client);

}  // namespace llmcache::serve
