#include <hiredis/hiredis.h>
#include <libcache/cache.h>
#include <libcache/open.h>
#include <sqlite3.h>

#include <memory>
#include <stdexcept>

#include "bench/cases.h"

namespace bench {
namespace {

using libcache::Deadline;
using libcache::EntryKind;

// A hit as a program sees it: from the text of the request to the text of the answer.
Operation prepare_hit(Stored& stored) {
  return [&cache = stored.cache(), &requests = sample_requests(), next = std::size_t{0}]() mutable {
    const auto key = cache.key(requests[next++ % requests.size()]).value();
    const auto found = cache.get(key, EntryKind::response, Deadline::after(std::chrono::seconds(2))).value();
    keep(found.entry.value().body().value());
  };
}

// The same for a stream and all of its chunks.
Operation prepare_stream_hit(Stored& stored) {
  return [&cache = stored.cache(), request = stream_request()] {
    const auto key = cache.key(request).value();
    const auto found = cache.get(key, EntryKind::stream, Deadline::after(std::chrono::seconds(2))).value();
    std::size_t chunks = 0;
    const auto count = [&](const libcache::Chunk& chunk) -> libcache::Status {
      keep(chunk.bytes);
      ++chunks;
      return {};
    };
    if (!found.entry.value().read(count) || chunks != kStreamChunks) throw std::runtime_error("not the whole stream");
  };
}

std::vector<std::string> sample_names() {
  std::vector<std::string> names;
  auto deriver = libcache::KeyDeriver::create({}).value();
  for (const auto& request : sample_requests()) names.push_back(deriver.derive(request).value().response_name);
  return names;
}

// Only the stored bytes, by name.
Operation prepare_store_get(Stored& stored) {
  return [&store = stored.cache().store(), names = sample_names(), next = std::size_t{0}]() mutable {
    const std::string& name = names[next++ % names.size()];
    keep(store.get(name, Deadline::after(std::chrono::seconds(2))).value().value());
  };
}

using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

Statement prepared(sqlite3* connection, const char* text) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection, text, -1, &statement, nullptr) != SQLITE_OK) throw std::runtime_error(text);
  return {statement, sqlite3_finalize};
}

sqlite3_int64 id_of(sqlite3* connection, const std::string& name) {
  const auto statement = prepared(connection, "SELECT id FROM entries WHERE name = ?");
  sqlite3_bind_text(statement.get(), 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
  if (sqlite3_step(statement.get()) != SQLITE_ROW) throw std::runtime_error("not in the database: " + name);
  return sqlite3_column_int64(statement.get(), 0);
}

// SQLite alone, with the same rows and the fastest way to find them.
Operation prepare_select(Stored& stored) {
  const std::string database = libcache::StoreUrl::parse(stored.url()).value().path;
  sqlite3* opened = nullptr;
  const auto code = sqlite3_open_v2(database.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
  const std::shared_ptr<sqlite3> connection(opened, sqlite3_close_v2);
  if (code != SQLITE_OK) throw std::runtime_error("cannot open " + database);
  const std::shared_ptr<sqlite3_stmt> select = prepared(opened, "SELECT value FROM entries WHERE id = ?");
  std::vector<sqlite3_int64> ids;
  for (const auto& name : sample_names()) ids.push_back(id_of(opened, name));
  return [connection, select, ids, next = std::size_t{0}]() mutable {
    sqlite3_bind_int64(select.get(), 1, ids[next++ % ids.size()]);
    sqlite3_step(select.get());
    keep(sqlite3_column_blob(select.get(), 0));
    sqlite3_reset(select.get());
  };
}

// hiredis alone, with the same values.
Operation prepare_redis_get(Stored& stored) {
  const auto node = libcache::StoreUrl::parse(stored.url()).value().hosts.at(0);
  const std::shared_ptr<redisContext> context(redisConnect(node.name.c_str(), node.port), redisFree);
  if (context == nullptr || context->err != 0) throw std::runtime_error("cannot connect to " + stored.url());
  return [context, names = sample_names(), next = std::size_t{0}]() mutable {
    const std::string& name = names[next++ % names.size()];
    const std::unique_ptr<void, decltype(&freeReplyObject)> reply(
        redisCommand(context.get(), "GET %b", name.data(), name.size()), freeReplyObject);
    if (reply == nullptr || static_cast<redisReply*>(reply.get())->type != REDIS_REPLY_STRING) {
      throw std::runtime_error("not in Redis: " + name);
    }
    keep(reply);
  };
}

}  // namespace

std::vector<Case> hit_cases() {
  return {{"hit", prepare_hit},
          {"stream-hit", prepare_stream_hit},
          {"store-get", prepare_store_get},
          {"select", prepare_select},
          {"redis-get", prepare_redis_get}};
}

}  // namespace bench
