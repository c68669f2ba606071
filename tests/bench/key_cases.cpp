#include <libcache/key.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "bench/cases.h"
#include "bench/requests.h"

namespace bench {
namespace {

Case derivation(std::string name, std::size_t size) {
  return {std::move(name), [size](const auto&) {
            auto deriver = std::make_shared<libcache::KeyDeriver>(libcache::KeyDeriver::create({}).value());
            return [deriver, request = chat_request(size)] { keep(deriver->derive(request).value()); };
          }};
}

Case parse_and_dump(std::string name, std::size_t size) {
  return {std::move(name), [size](const auto&) {
            return [request = chat_request(size)] { keep(nlohmann::json::parse(request).dump()); };
          }};
}

}  // namespace

std::vector<Case> key_cases() {
  return {derivation("key-2k", 2 << 10), parse_and_dump("json-2k", 2 << 10), derivation("key-1m", 1 << 20),
          parse_and_dump("json-1m", 1 << 20)};
}

}  // namespace bench
