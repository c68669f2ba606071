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

// Encodes a whole pipeline in one buffer. (hiredis' formatting functions allocate one buffer per command.)
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

bool needs_no_password(const Reply& reply) {
  return reply.text.find("without any password configured") != std::string::npos ||
         reply.text.find("no password is set") != std::string::npos;
}

// Whether an error reply may be the server's reason for closing the connection, such as too many clients.
bool is_reason_to_close(const Reply& reply) {
  return reply.is_error() && code_of_reply(reply.text) != ErrorCode::refused;
}

Error error_in(const Reply& reply) {
  return {code_of_reply(reply.text), printable(reply.text)};
}

Event password_not_needed(const std::string& server) {
  return {Event::Severity::warning, "store.password_not_needed",
          server + " does not require a password, but one is configured"};
}

}  // namespace

Error error_of(const Reply& reply, std::string_view command, std::string_view server) {
  const char* const advice = reply.is_error("MOVED") ? " (a server of a cluster: use redis+cluster://)" : "";
  return {code_of_reply(reply.text),
          std::string(server) + " answered " + std::string(command) + ": " + printable(reply.text) + advice};
}

Status check(std::span<const Command> commands, std::span<const Reply> replies, std::string_view server) {
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].is_error()) return fail(error_of(replies[i], commands[i].front(), server));
  }
  return {};
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
  connection.may_expect_tls_ = !options.tls && endpoint.socket_path.empty();
  if (const Status introduced = connection.introduce(options, deadline); !introduced) {
    return fail(introduced.error());
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
  if (!replies) return fail(replies.error());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const Reply& reply = (*replies)[i];
    const std::string_view command = commands[i][0];
    if (command == "ROLE" && !reply.is_error() && (reply.elements.empty() || reply.elements[0].text != "master")) {
      return fail(ErrorCode::unavailable, server_ + " is not a master");
    }
    if (!reply.is_error()) continue;
    // If the user may not set our name in CLIENT LIST, that is not an error.
    if (command == "CLIENT" && code_of_reply(reply.text) == ErrorCode::refused) continue;
    if (command == "AUTH" && options.password_is_optional) continue;
    if (command != "AUTH" || !needs_no_password(reply)) {
      return fail(error_of(reply, command, server_));
    }
    if (options.on_event)
      std::call_once(*options.password_warning, [&] { options.on_event(password_not_needed(server_)); });
  }
  return {};
}

Result<std::vector<Reply>> Connection::run(std::span<const Command> commands, Deadline deadline) {
  std::vector<Reply> replies;
  if (commands.empty()) return replies;
  replies.reserve(commands.size());
  const Status sent = socket_.send(encode(commands), step(deadline, write_timeout_));
  if (!sent) return failed_to_send(sent.error(), deadline);
  while (unread_ > 0) {
    if (const Status read = read_posted(step(deadline, read_timeout_)); !read) return broken(read.error());
  }
  while (replies.size() < commands.size()) {
    auto reply = read_reply(step(deadline, read_timeout_));
    if (!reply && !replies.empty() && is_reason_to_close(replies.back())) return broken(error_in(replies.back()));
    if (!reply) return broken(reply.error());
    may_expect_tls_ = false;
    replies.push_back(std::move(*reply));
  }
  // An extra reply would be mistaken for the reply to the next command.
  if (!parser_.is_empty()) return broken({ErrorCode::refused, "sent an unexpected reply"});
  return replies;
}

void Connection::post(std::span<const Command> commands) {
  if (!socket_.send(encode(commands), Deadline::after(Milliseconds(0)))) broken_ = true;
  unread_ += commands.size();
}

Status Connection::read_posted(Deadline deadline) {
  const auto reply = read_reply(deadline);
  if (!reply) return fail(reply.error());
  --unread_;
  return {};
}

bool Connection::is_usable() {
  constexpr Milliseconds kBriefly{10};
  while (!broken_ && unread_ > 0 && !socket_.is_quiet()) broken_ = !read_posted(Deadline::after(kBriefly));
  return !broken_ && (unread_ > 0 || socket_.is_quiet());
}

tl::unexpected<Error> Connection::broken(const Error& error) {
  broken_ = true;
  // A server that expects TLS closes the connection or sends a TLS alert.
  const bool suggest_tls = may_expect_tls_ && error.code != ErrorCode::timeout;
  return fail(error.code, server_ + ": " + error.message +
                              (suggest_tls ? " (if it expects TLS, the URL must begin with rediss)" : ""));
}

// A server that closes the connection while we send may have sent the reason before.
tl::unexpected<Error> Connection::failed_to_send(const Error& error, Deadline deadline) {
  if (error.code != ErrorCode::unavailable) return broken(error);
  const auto reply = read_reply(deadline);
  if (reply && reply->is_error()) return broken(error_in(*reply));
  return broken(!reply && reply.error().code == ErrorCode::refused ? reply.error() : error);
}

Result<Reply> Connection::read_reply(Deadline deadline) {
  std::array<char, 32 << 10> buffer;
  for (;;) {
    auto reply = parser_.next();
    if (!reply) return fail(reply.error());
    if (*reply) return std::move(**reply);
    const auto received = socket_.receive(buffer, deadline);
    if (!received) return fail(received.error());
    parser_.feed({buffer.data(), *received});
  }
}

}  // namespace libcache::internal::redis
