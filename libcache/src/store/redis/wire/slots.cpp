#include "store/redis/wire/slots.h"

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "store/redis/wire/error.h"
#include "text/integer.h"

namespace libcache::internal::redis {

namespace {

// CRC-16/XMODEM: polynomial 0x1021, not reflected.
constexpr std::array<std::uint16_t, 256> kCrcTable = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}();

std::string_view hash_tag(std::string_view key) {
  const auto open = key.find('{');
  if (open == std::string_view::npos) return key;
  const auto close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

bool is_slot(const Reply& reply) {
  return reply.type == Reply::Type::integer && reply.integer >= 0 && reply.integer < static_cast<int>(kSlots);
}

bool is_port(const Reply& reply) {
  return reply.type == Reply::Type::integer && reply.integer > 0 &&
         reply.integer <= std::numeric_limits<std::uint16_t>::max();
}

// A server in the reply to CLUSTER SLOTS. Nothing if its address is unknown to the server that replied.
std::optional<Endpoint> parse_server(const Reply& server, const Endpoint& asked) {
  const std::string& host = server.elements[0].text;
  if (host == "?") return std::nullopt;
  return Endpoint{.host = host.empty() ? asked.host : host,
                  .port = static_cast<std::uint16_t>(server.elements[1].integer),
                  .socket_path = {}};
}

bool is_server(const Reply& reply) {
  return reply.elements.size() >= 2 && is_port(reply.elements[1]);
}

}  // namespace

std::uint16_t slot_of(std::string_view key) {
  unsigned crc = 0;
  for (const char c : hash_tag(key)) {
    crc = ((crc << 8) & 0xffff) ^ kCrcTable[(crc >> 8) ^ static_cast<unsigned char>(c)];
  }
  return static_cast<std::uint16_t>(crc % kSlots);
}

Result<std::vector<SlotRange>> parse_slots(const Reply& reply, const Endpoint& asked) {
  std::vector<SlotRange> ranges;
  for (const Reply& range : reply.elements) {
    const auto& parts = range.elements;
    const bool whole = parts.size() >= 3 && is_slot(parts[0]) && is_slot(parts[1]) && is_server(parts[2]);
    if (!whole) return fail(ErrorCode::refused, asked.name() + " sent a malformed reply to CLUSTER SLOTS");
    auto master = parse_server(parts[2], asked);
    if (!master) continue;
    SlotRange& slots = ranges.emplace_back();
    slots.first = static_cast<std::uint16_t>(parts[0].integer);
    slots.last = static_cast<std::uint16_t>(parts[1].integer);
    slots.master = std::move(*master);
    for (std::size_t i = 3; i < parts.size(); ++i) {
      auto replica = is_server(parts[i]) ? parse_server(parts[i], asked) : std::nullopt;
      if (replica) slots.replicas.push_back(std::move(*replica));
    }
  }
  return ranges;
}

Result<Endpoint> parse_redirection(std::string_view text, const Endpoint& asked) {
  const auto address = text.substr(text.rfind(' ') + 1);
  const auto colon = address.rfind(':');
  Endpoint target;
  const auto port = colon == std::string_view::npos ? std::string_view() : address.substr(colon + 1);
  target.port = parse_integer<std::uint16_t>(port).value_or(0);
  if (target.port == 0) {
    return fail(ErrorCode::refused, asked.name() + " sent an invalid redirection: " + printable(text));
  }
  target.host = colon == 0 ? asked.host : std::string(address.substr(0, colon));
  return target;
}

}  // namespace libcache::internal::redis
