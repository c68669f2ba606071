// A store of files: one for each value, to be read, edited and kept in git.
#pragma once

#include <libcache/open.h>
#include <libcache/store.h>

#include <filesystem>
#include <memory>

#include "store/dir/form.h"

namespace libcache::internal {

// Nothing but the files of values is written into the directory `root`. It evicts nothing, and a value that has expired
// keeps its file until it is written again or removed.
std::unique_ptr<Store> make_dir_store(std::filesystem::path root, std::unique_ptr<const dir::Form> form,
                                      const StoreOptions& options, bool read_only);

}  // namespace libcache::internal
