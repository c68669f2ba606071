// The SQLite store compared with bare statements on the same file of 100,000 entries of 4 KB. Compare within one run:
// --benchmark_enable_random_interleaving=true --benchmark_repetitions=20
#include <benchmark/benchmark.h>
#include <libcache/open.h>
#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "base/hash.h"
#include "support/temporary_directory.h"

namespace {

using namespace libcache;

using namespace libcache::internal;

constexpr int kEntries = 100'000;

std::string name_of(unsigned entry) {
  return "llmcache:default_" + xxh3_128_hex(std::to_string(entry));
}

// All entries with equal probability; the same order in every benchmark.
class Names {
 public:
  std::string next() { return name_of(random_() % kEntries); }

 private:
  std::mt19937 random_{1};
};

std::string incompressible_value() {
  std::mt19937 random(2);
  std::string value;
  for (int i = 0; i < 4096; ++i) value += static_cast<char>(random());
  return value;
}

class Database {
 public:
  static Database& filled() {
    static Database database;
    return database;
  }
  const std::filesystem::path& file() const { return url_.path; }
  std::unique_ptr<Store> open() const { return open_store(url_).value(); }

 private:
  Database() {
    url_.path = directory_.path() / "cache.db";
    const auto store = open();
    const auto value = incompressible_value();
    for (unsigned entry = 0; entry < kEntries; ++entry) {
      if (!store->put(name_of(entry), value, {}, Deadline::never())) std::abort();
    }
  }
  support::TemporaryDirectory directory_;
  StoreUrl url_;
};

struct Bare {
  explicit Bare(const char* sql) {
    sqlite3_open_v2(Database::filled().file().c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  }
  ~Bare() {
    sqlite3_finalize(statement);
    sqlite3_close(database);
  }
  // The first column of the row of the name that is already bound.
  std::string step() const {
    if (sqlite3_step(statement) != SQLITE_ROW) std::abort();
    std::string value(static_cast<const char*>(sqlite3_column_blob(statement, 0)),
                      static_cast<std::size_t>(sqlite3_column_bytes(statement, 0)));
    sqlite3_reset(statement);
    return value;
  }
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
};

void bare_select_by_name(benchmark::State& state) {
  const Bare bare("SELECT value FROM entries WHERE name = ?1");
  Names names;
  for (auto _ : state) {
    const auto name = names.next();
    sqlite3_bind_text(bare.statement, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    benchmark::DoNotOptimize(bare.step());
  }
}

void bare_select_by_id(benchmark::State& state) {
  const Bare bare("SELECT value FROM entries WHERE id = ?1");
  Names names;
  for (auto _ : state) {
    sqlite3_bind_int64(bare.statement, 1, static_cast<std::int64_t>(xxh3_64(names.next())));
    benchmark::DoNotOptimize(bare.step());
  }
}

void store_get(benchmark::State& state) {
  const auto store = Database::filled().open();
  Names names;
  for (auto _ : state) {
    const auto value = store->get(names.next(), Deadline::after(std::chrono::seconds(3)));
    if (!value || !*value) std::abort();
  }
}

void store_miss(benchmark::State& state) {
  const auto store = Database::filled().open();
  Names names;
  for (auto _ : state) {
    const auto value = store->get(names.next() + "_stream", Deadline::after(std::chrono::seconds(3)));
    if (!value || *value) std::abort();
  }
}

// Like a process that looks up one entry.
void store_open_get_close(benchmark::State& state) {
  Names names;
  for (auto _ : state) {
    const auto value = Database::filled().open()->get(names.next(), Deadline::after(std::chrono::seconds(3)));
    if (!value || !*value) std::abort();
  }
}

void bare_open_get_close(benchmark::State& state) {
  Names names;
  for (auto _ : state) {
    const auto name = names.next();
    const Bare bare("SELECT value FROM entries WHERE name = ?1");
    sqlite3_bind_text(bare.statement, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    benchmark::DoNotOptimize(bare.step());
  }
}

void store_put(benchmark::State& state) {
  const auto store = Database::filled().open();
  const auto value = incompressible_value();
  Names names;
  for (auto _ : state) {
    if (!store->put(names.next(), value, {}, Deadline::never())) std::abort();
  }
}

// Like a process that stores one entry.
void store_open_put_close(benchmark::State& state) {
  const auto value = incompressible_value();
  Names names;
  for (auto _ : state) {
    if (!Database::filled().open()->put(names.next(), value, {}, Deadline::never())) std::abort();
  }
}

BENCHMARK(bare_select_by_name);
BENCHMARK(bare_select_by_id);
BENCHMARK(store_get);
BENCHMARK(store_miss);
BENCHMARK(bare_open_get_close);
BENCHMARK(store_open_get_close);
BENCHMARK(store_put);
BENCHMARK(store_open_put_close);

}  // namespace

BENCHMARK_MAIN();
