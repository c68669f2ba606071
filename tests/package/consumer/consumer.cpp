// A program that knows libcache only as an installed package: stores a value and prints it.
#include <libcache/store.h>

#include <iostream>

int main() {
  const auto url = libcache::StoreUrl::parse("memory:");
  if (!url) return 1;
  const auto store = libcache::open_store(*url);
  if (!store) return 2;
  const auto deadline = libcache::Deadline::never();
  if (!(*store)->put("name", "the package works", {}, deadline)) return 3;
  const auto value = (*store)->get("name", deadline);
  if (!value || !*value) return 4;
  std::cout << **value << '\n';
}
