#include "store/redis/wire/reply.h"

#include <hiredis/read.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <new>

#include "store/redis/wire/error.h"

namespace libcache::internal::redis {

// Shared by the parser and hiredis' callbacks. A callback can only report that it could not create an object, which
// hiredis calls "out of memory"; `violation` holds the real reason.
struct ReplyParser::State {
  ReplyLimits limits;
  // Counted for the reply that is being parsed.
  std::size_t bytes = 0;
  std::size_t elements = 0;
  const char* violation = nullptr;

  static State& of(const redisReadTask* task) { return *static_cast<State*>(task->privdata); }

  void* reject(const char* why) {
    violation = why;
    return nullptr;
  }
};

namespace {

using Type = Reply::Type;

// A nested reply is stored in its parent's elements. Parsing is depth first, so a reply whose address hiredis holds is
// the last element of its parent and does not move.
Reply* make(const redisReadTask* task, Type type) {
  Reply* reply = nullptr;
  if (task->parent == nullptr) {
    reply = new Reply;
  } else {
    reply = &static_cast<Reply*>(task->parent->obj)->elements.emplace_back();
  }
  reply->type = type;
  return reply;
}

std::optional<Type> string_type(int hiredis_type) {
  switch (hiredis_type) {
    case REDIS_REPLY_STRING:
      return Type::string;
    case REDIS_REPLY_STATUS:
      return Type::status;
    case REDIS_REPLY_ERROR:
      return Type::error;
    default:
      return std::nullopt;
  }
}

constexpr std::size_t kFraming = 32;  // a string's header and its line ends
constexpr const char* kNotResp2 = "the reply is not RESP2";

// How long the unfinished item at the reader's position may be: as long as a string's header says, or one line.
std::size_t longest_item(const redisReader& reader) {
  constexpr std::size_t kLongestLine = 64 << 10;
  if (reader.ridx < 0 || reader.task[reader.ridx]->type != REDIS_REPLY_STRING) return kLongestLine;
  std::size_t declared = 0;
  const char* end = reader.buf + reader.len;
  const auto [rest, error] = std::from_chars(reader.buf + reader.pos, end, declared);
  if (error == std::errc::result_out_of_range) return SIZE_MAX;
  if (error != std::errc() || rest == end) return kLongestLine;
  return std::max(declared, kLongestLine);
}

}  // namespace

bool Reply::is_error(std::string_view code) const {
  return is_error() && has_code(text, code);
}

void ReplyParser::FreeReader::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

ReplyParser::ReplyParser(ReplyLimits limits) : state_(std::make_unique<State>()) {
  state_->limits = limits;
  make_reader();
}

ReplyParser::ReplyParser(ReplyParser&&) noexcept = default;
ReplyParser& ReplyParser::operator=(ReplyParser&&) noexcept = default;
ReplyParser::~ReplyParser() = default;

void ReplyParser::make_reader() {
  static redisReplyObjectFunctions functions = {
      .createString = [](const redisReadTask* task, char* text, std::size_t size) -> void* {
        State& state = State::of(task);
        const auto type = string_type(task->type);
        if (!type) return state.reject(kNotResp2);
        state.bytes += size;
        if (state.bytes > state.limits.bytes) return state.reject("the reply is too large");
        Reply* reply = make(task, *type);
        reply->text.assign(text, size);
        return reply;
      },
      .createArray = [](const redisReadTask* task, std::size_t elements) -> void* {
        State& state = State::of(task);
        if (task->type != REDIS_REPLY_ARRAY) return state.reject(kNotResp2);
        if (elements > state.limits.elements - state.elements) return state.reject("the reply has too many elements");
        state.elements += elements;
        unsigned depth = 1;
        for (const redisReadTask* outer = task->parent; outer != nullptr; outer = outer->parent) ++depth;
        if (depth > state.limits.depth) return state.reject("the reply is nested too deeply");
        return make(task, Type::array);
      },
      .createInteger = [](const redisReadTask* task, long long value) -> void* {
        Reply* reply = make(task, Type::integer);
        reply->integer = value;
        return reply;
      },
      .createDouble = [](const redisReadTask* task, double, char*, std::size_t) -> void* {
        return State::of(task).reject(kNotResp2);
      },
      .createNil = [](const redisReadTask* task) -> void* { return make(task, Type::nil); },
      .createBool = [](const redisReadTask* task, int) -> void* { return State::of(task).reject(kNotResp2); },
      .freeObject = [](void* reply) { delete static_cast<Reply*>(reply); },
  };
  reader_.reset(redisReaderCreateWithFunctions(&functions));
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = state_.get();
}

void ReplyParser::feed(std::string_view bytes) {
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

bool ReplyParser::is_empty() const {
  return reader_->pos == reader_->len;
}

Result<std::optional<Reply>> ReplyParser::next() {
  void* object = nullptr;
  if (redisReaderGetReply(reader_.get(), &object) != REDIS_OK) {
    if (state_->violation != nullptr) return fail(ErrorCode::refused, state_->violation);
    return fail(ErrorCode::refused, "invalid RESP data: " + printable(reader_->errstr));
  }
  if (object == nullptr) {
    const std::size_t longest = longest_item(*reader_);
    const std::size_t waiting = reader_->len - reader_->pos;
    if (longest > state_->limits.bytes) return fail(ErrorCode::refused, "the reply is too large");
    if (waiting > longest + kFraming) return fail(ErrorCode::refused, "a line of the reply is too long");
    return std::nullopt;
  }
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(object));
  // hiredis never shrinks its buffer, so a large reply is followed by a new reader.
  constexpr std::size_t kLargeReply = 1 << 20;
  if (state_->bytes > kLargeReply && is_empty()) make_reader();
  state_->bytes = 0;
  state_->elements = 0;
  return std::move(*reply);
}

}  // namespace libcache::internal::redis
