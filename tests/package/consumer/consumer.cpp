// A program that knows libcache only as a package: stores an answer, looks it up and prints it.
#include <libcache/cache.h>
#include <libcache/open.h>

#include <iostream>

int main() {
  const auto url = libcache::StoreUrl::parse("memory:");
  if (!url) return 1;
  auto store = libcache::open_store(*url);
  if (!store) return 2;
  const auto cache = libcache::Cache::create(*std::move(store));
  if (!cache) return 3;
  const auto key = (*cache)->key(R"({"model":"m","messages":[]})");
  if (!key) return 4;

  libcache::Answer answer;
  answer.body = R"({"choices":[{"message":{"content":"the package works"},"finish_reason":"stop"}]})";
  const auto deadline = libcache::Deadline::never();
  if (!(*cache)->put(*key, answer, {}, deadline)) return 5;
  const auto found = (*cache)->get(*key, libcache::EntryKind::response, deadline);
  if (!found || !found->entry) return 6;
  std::cout << found->entry->body().value() << '\n';
}
