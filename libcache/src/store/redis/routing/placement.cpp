#include "store/redis/routing/placement.h"

#include <string_view>
#include <vector>

#include "store/redis/server/info.h"
#include "store/redis/wire/slots.h"
#include "text/integer.h"

namespace libcache::internal::redis {

namespace {

// Removes the next piece from `text` and returns it.
std::string_view cut(std::string_view& text, char separator) {
  const auto piece = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), piece.size() + 1));
  return piece;
}

// Changes whenever the server starts. Empty if our user may not run INFO.
std::string run_id(const Reply& info) {
  return info.is_error() ? std::string() : std::string(field_of(info.text, "run_id"));
}

std::size_t count_slots(std::string_view range) {
  const auto number = [](std::string_view digits) { return parse_integer<std::size_t>(digits).value_or(0); };
  const auto first = number(cut(range, '-'));
  return range.empty() ? 1 : number(range) - first + 1;
}

// The slots in the line of CLUSTER NODES about the server that replied. They follow eight other fields; slots that are
// moving are in brackets.
std::string_view own_slots(std::string_view nodes) {
  while (!nodes.empty()) {
    std::string_view line = cut(nodes, '\n');
    if (line.find("myself") == std::string_view::npos) continue;
    for (int field = 0; field < 8; ++field) cut(line, ' ');
    return line;
  }
  return {};
}

}  // namespace

Result<Placement> placement_on_server(Node& server, Deadline deadline) {
  const Command command = {"INFO", "server"};
  const auto replies = server.run({&command, 1}, Repeat::allowed, deadline);
  if (!replies) return fail(replies.error());
  return Placement{.servers = server.endpoint().name() + " " + run_id(replies->front())};
}

Result<Placement> placement_in_cluster(std::span<const std::shared_ptr<Node>> masters, Deadline deadline) {
  const std::vector<Command> commands = {{"INFO", "server"}, {"CLUSTER", "NODES"}};
  Placement placement;
  std::size_t slots = 0;
  for (const auto& master : masters) {
    const auto replies = master->run(commands, Repeat::allowed, deadline);
    if (!replies) return fail(replies.error());
    if ((*replies)[1].is_error()) {
      return fail(error_of((*replies)[1], "CLUSTER NODES", master->endpoint().name()));
    }
    std::string_view own = own_slots((*replies)[1].text);
    placement.servers += master->endpoint().name() + " " + run_id(replies->front()) + " " + std::string(own) + "\n";
    while (!own.empty()) {
      const auto range = cut(own, ' ');
      if (range.starts_with('[')) {
        placement.moving = true;
      } else {
        slots += count_slots(range);
      }
    }
  }
  placement.moving |= slots != kSlots;
  return placement;
}

}  // namespace libcache::internal::redis
