// The forms in which ls prints entries, one after the other as they are found.
#pragma once

#include <libcache/entry.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "context.h"

namespace llmcache {

struct ListedEntry {
  std::string name;
  std::uint64_t size = 0;                   // bytes in the store
  std::optional<libcache::EntryHead> head;  // nothing: it was not read, or the value is not an entry
};

class Lister {
 public:
  virtual ~Lister() = default;
  virtual void add(const ListedEntry& entry) = 0;
  // After the last entry.
  virtual void finish() {}
};

// Names, each ended by a NUL byte.
std::unique_ptr<Lister> list_names(Context& context);
// An object on each line; with only these members, in this order, if any are named. Throws a Failure (usage) for a
// member that entries do not have.
std::unique_ptr<Lister> list_json(Context& context, std::vector<std::string> fields);
// Columns: aligned under headings on a terminal, elsewhere separated by tabs.
std::unique_ptr<Lister> list_columns(Context& context, bool all_columns);

// What the user asked in the request of an entry; empty if the request was not kept.
std::string asked_in(Context& context, const std::string& name);

}  // namespace llmcache
