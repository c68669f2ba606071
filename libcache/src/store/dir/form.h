// How a store of files writes a value into a file: which file, and which text.
#pragma once

#include <libcache/result.h>
#include <libcache/store.h>

#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal::dir {

// Where the file of a name is, but for the title that its file name begins with.
struct Place {
  std::string folder;  // within the store's directory
  std::string digits;  // 32 lower-case hex digits, of which the file name has the first 8 or more
  std::string ending;  // what follows them, before ".json": empty, or begins with a dot
};

struct Value {
  std::string name;
  std::string bytes;
  std::optional<UnixTime> expires;
};

struct Text {
  std::string title;  // lower-case letters, digits and '-'; may be empty
  std::string bytes;
};

// Immutable, so thread-safe. Pure functions.
class Form {
 public:
  virtual ~Form() = default;
  // Names that differ have places that differ in more than letter case.
  virtual Place place_of(std::string_view name) const = 0;
  // The file of a value. `old`: what the file holds so far, if that is readable. Nothing if it says the same.
  virtual std::optional<Text> write(const Value& value, const Value* old) const = 0;
  // False for a value that only says that there is none: it has no file, and the file of its name is removed.
  virtual bool has_file(std::string_view bytes) const = 0;
  // The value of a file in a folder, last written at a time. Fails (corrupt) if the text cannot be read.
  virtual Result<Value> read(std::string_view folder, std::string_view text, UnixTime written) const = 0;
};

}  // namespace libcache::internal::dir
