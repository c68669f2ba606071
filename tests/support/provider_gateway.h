// A Bifrost gateway between a client and a provider.
#pragma once

#include <string>
#include <vector>

namespace support {

// Turns a chat completion, a body or events, into what the gateway passes on: the provider is no longer part of the
// model's name, and `extra_fields` have the provider and the index of the chunk. Indexes count the provider's events,
// some of which are not passed on; a last event that has only the usage is.
void pass_through_gateway(std::vector<std::string>& pieces);

}  // namespace support
