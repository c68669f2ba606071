// What tests of the store of files share.
#pragma once

#include <libcache/entry.h>
#include <libcache/key.h>
#include <libcache/open.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "stores/verbs.h"
#include "support/files.h"

namespace libcache::test {

// Its flights and statistics are beside it.
inline std::unique_ptr<Store> open_dir(const std::filesystem::path& directory, StoreOptions options = {},
                                       bool read_only = false) {
  StoreUrl url;
  url.kind = StoreUrl::Kind::dir;
  url.path = directory;
  url.read_only = read_only;
  options.runtime_directory = directory.string() + "-runtime";
  options.state_directory = directory.string() + "-state";
  return open_store(url, options).value();
}

// Everything in a directory, as paths relative to it, sorted.
inline Names tree_of(const std::filesystem::path& directory) {
  Names files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_directory()) files.push_back(std::filesystem::relative(entry.path(), directory).string());
  }
  std::ranges::sort(files);
  return files;
}

inline std::string request_for(const std::string& text) {
  return R"({"messages":[{"content":")" + text + R"(","role":"user"}],"model":"m"})";
}

inline RequestKey key_of(const std::string& request, const KeyOptions& options = {}) {
  return KeyDeriver::create(options)->derive(request).value();
}

// The entry of a request with a JSON answer.
inline NamedValue entry_for(const std::string& text, const std::string& answer, const KeyOptions& options = {}) {
  const auto key = key_of(request_for(text), options);
  const EntryDraft draft{.created = UnixTime(Milliseconds(1'800'000'000'000)),
                         .request_digest = key.proof(),
                         .metadata = {.model = "m", .endpoint = key.endpoint},
                         .request = key.canonical,
                         .body = answer};
  return {key.response_name, encode(draft).value()};
}

inline std::optional<std::string> answer_of(Store& store, std::string_view name) {
  const auto value = get(store, name);
  if (!value) return std::nullopt;
  const auto entry = Entry::open(*value);
  return entry ? entry->body().value() : "(damaged)";
}

}  // namespace libcache::test
