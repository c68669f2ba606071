// A Bifrost gateway between a client and a provider.
#pragma once

#include <string>
#include <vector>

namespace support {

// Makes of a chat completion, plain or as events, what the gateway passes on: the provider is no longer part of the
// model's name, `extra_fields` say who answered and which chunk it is, and a stream's usage is part of its last chunk.
void pass_through_gateway(std::vector<std::string>& pieces);

}  // namespace support
