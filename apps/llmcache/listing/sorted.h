// Entries in an order, of which only the first few may be wanted.
#pragma once

#include <libcache/entry.h>
#include <libcache/store.h>
#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "config/values.h"

namespace llmcache {

enum class Order { name, age, size, expires };
inline constexpr Choice<Order> kOrders[] = {
    {"name", Order::name}, {"age", Order::age}, {"size", Order::size}, {"expires", Order::expires}};

// SQLite sorts them: those that do not fit into its memory wait in a temporary file. All functions fail (refused) if that
// cannot be written.
class Sorted {
 public:
  explicit Sorted(Order order);
  // `head`: null if the value is not an entry.
  void add(const libcache::ScanRow& row, const libcache::EntryHead* head);
  // Calls `visit` with the first `most` in their order. Call it once, after the last add().
  void for_each(std::uint64_t most, const std::function<void(const libcache::ScanRow&)>& visit);

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  Statement prepare(const char* sql);
  bool step(const Statement& statement);

  const Order order_;
  std::unique_ptr<sqlite3, Close> rows_;
  Statement insert_;
};

}  // namespace llmcache
