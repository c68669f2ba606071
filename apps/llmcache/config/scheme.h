// The key schemes as commands see them. How the schemes derive keys and store entries is in libcache.
#pragma once

#include <libcache/key.h>

namespace llmcache {

struct SchemeFeatures {
  bool has_endpoints = false;   // the endpoint is part of the key
  bool has_samples = false;     // a request may have several stored answers
  bool has_one_entry = false;   // a request has one entry; otherwise a response and a stream
  bool is_one_value = false;    // an entry is one value in the store
  bool keeps_requests = false;  // an entry contains its request, and a hit is verified against it
  bool keeps_framing = false;   // a stream is stored as it arrived; otherwise as the data of its events
  bool negative_ttl = false;    // a negative TTL means that an entry never expires
};

constexpr SchemeFeatures features_of(libcache::KeyScheme scheme) {
  if (scheme == libcache::KeyScheme::bifrost) return {.negative_ttl = true};
  return {.has_endpoints = true,
          .has_samples = true,
          .has_one_entry = true,
          .is_one_value = true,
          .keeps_requests = true,
          .keeps_framing = true};
}

}  // namespace llmcache
