#include "store/redis/wire/connection.h"

#include <array>
#include <charconv>
#include <utility>

#include "store/redis/wire/error.h"

namespace libcache::internal::redis {

namespace {

void append_header(std::string& request, char type, std::size_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  request += type;
  request.append(digits.data(), end);
  request += "\r\n";
}

// One buffer for a whole pipeline, which hiredis' formatting functions would make of one allocation per command.
std::string encode(std::span<const Command> commands) {
  std::size_t size = 0;
  for (const Command& command : commands) {
    for (const std::string_view argument : command) size += argument.size() + 32;
  }
  std::string request;
  request.reserve(size);
  for (const Command& command : commands) {
    append_header(request, '*', command.size());
    for (const std::string_view argument : command) {
      append_header(request, '$', argument.size());
      request += argument;
      request += "\r\n";
    }
  }
  return request;
}

Deadline step(Deadline deadline, std::optional<Milliseconds> limit) {
  return limit ? deadline.capped(*limit) : deadline;
}

bool says_no_password_is_needed(const Reply& reply) {
  return reply.text.find("without any password configured") != std::string::npos ||
         reply.text.find("no password is set") != std::string::npos;
}

// An error reply that says why the server is about to close the connection, as far as can be told.
bool is_farewell(const Reply& reply) {
  return reply.is_error() && code_of_reply(reply.text) != ErrorCode::refused;
}

Error farewell(const Reply& reply) {
  return {code_of_reply(reply.text), printable(reply.text)};
}

Event unneeded(const std::string& server) {
  return {Event::Severity::warning, "store.password_not_needed", server + " was given a password and asks for none"};
}

}  // namespace

Error error_of(const Reply& reply, std::string_view command, std::string_view server) {
  return {code_of_reply(reply.text),
          std::string(server) + " answered " + std::string(command) + ": " + printable(reply.text)};
}

Connection::Connection(Socket socket, std::string server, const ConnectionOptions& options)
    : socket_(std::move(socket)),
      server_(std::move(server)),
      read_timeout_(options.read_timeout),
      write_timeout_(options.write_timeout) {}

Result<Connection> Connection::open(const Endpoint& endpoint, const ConnectionOptions& options, Deadline deadline) {
  auto socket = Socket::connect(endpoint, options.tls.get(), deadline);
  if (!socket) {
    return fail(socket.error().code, "cannot connect to " + endpoint.name() + ": " + socket.error().message);
  }
  Connection connection(std::move(*socket), endpoint.name(), options);
  if (const Status introduced = connection.introduce(options, deadline); !introduced) {
    return tl::make_unexpected(introduced.error());
  }
  return connection;
}

Status Connection::introduce(const ConnectionOptions& options, Deadline deadline) {
  const std::string database = std::to_string(options.database);
  std::vector<Command> commands;
  if (options.password && options.user.empty()) commands.push_back({"AUTH", *options.password});
  if (options.password && !options.user.empty()) commands.push_back({"AUTH", options.user, *options.password});
  if (options.database != 0) commands.push_back({"SELECT", database});
  if (!options.client_name.empty()) commands.push_back({"CLIENT", "SETNAME", options.client_name});
  if (options.only_master) commands.push_back({"ROLE"});
  if (options.reads_replicas) commands.push_back({"READONLY"});
  const auto replies = run(commands, deadline);
  if (!replies) return tl::make_unexpected(replies.error());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const Reply& reply = (*replies)[i];
    const std::string_view command = commands[i][0];
    if (command == "ROLE" && !reply.is_error() && (reply.elements.empty() || reply.elements[0].text != "master")) {
      return fail(ErrorCode::unavailable, server_ + " is not a master");
    }
    if (!reply.is_error()) continue;
    // A name in a listing is not worth a right that the user may lack.
    if (command == "CLIENT" && code_of_reply(reply.text) == ErrorCode::refused) continue;
    if (command == "AUTH" && options.password_is_optional) continue;
    if (command != "AUTH" || !says_no_password_is_needed(reply)) {
      return tl::make_unexpected(error_of(reply, command, server_));
    }
    if (options.on_event) std::call_once(*options.password_warning, [&] { options.on_event(unneeded(server_)); });
  }
  return {};
}

Result<std::vector<Reply>> Connection::run(std::span<const Command> commands, Deadline deadline) {
  std::vector<Reply> replies;
  if (commands.empty()) return replies;
  replies.reserve(commands.size());
  const Status sent = socket_.send(encode(commands), step(deadline, write_timeout_));
  if (!sent) return hung_up(sent.error(), deadline);
  while (replies.size() < commands.size()) {
    auto reply = read_reply(step(deadline, read_timeout_));
    if (!reply && !replies.empty() && is_farewell(replies.back())) return broken(farewell(replies.back()));
    if (!reply) return broken(reply.error());
    replies.push_back(std::move(*reply));
  }
  // More than was asked for would be taken for the answer to the next command.
  if (!parser_.is_empty()) return broken({ErrorCode::refused, "answered what it was not asked"});
  return replies;
}

tl::unexpected<Error> Connection::broken(const Error& error) {
  broken_ = true;
  return fail(error.code, server_ + ": " + error.message);
}

// A server that closes the connection while it is written to may have said why.
tl::unexpected<Error> Connection::hung_up(const Error& error, Deadline deadline) {
  if (error.code != ErrorCode::unavailable) return broken(error);
  const auto reply = read_reply(deadline);
  if (reply && reply->is_error()) return broken(farewell(*reply));
  return broken(!reply && reply.error().code == ErrorCode::refused ? reply.error() : error);
}

Result<Reply> Connection::read_reply(Deadline deadline) {
  std::array<char, 32 << 10> buffer;
  for (;;) {
    auto reply = parser_.next();
    if (!reply) return tl::make_unexpected(reply.error());
    if (*reply) return std::move(**reply);
    const auto received = socket_.receive(buffer, deadline);
    if (!received) return tl::make_unexpected(received.error());
    parser_.feed({buffer.data(), *received});
  }
}

}  // namespace libcache::internal::redis
