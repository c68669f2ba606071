#include "store/dir/diagnosis.h"

#include <cstddef>
#include <string>

#include "store/dir/files.h"
#include "store/dir/folder.h"
#include "store/place_diagnosis.h"

namespace libcache::internal::dir {
namespace {

using Grade = Finding::Grade;

struct Count {
  std::size_t files = 0;
  std::size_t bad = 0;
  std::string first_bad;
};

Result<Count> count_files(const std::filesystem::path& root, const Form& form, Deadline deadline) {
  Count count;
  const auto folders = folders_in(root);
  if (!folders) return fail(folders.error());
  for (const std::string& folder : *folders) {
    const auto files = FolderFiles::open(root, folder);
    if (!files) return fail(files.error());
    if (!*files) continue;
    const auto add = [&](const std::string& file, const FolderFiles::Content& content) -> Result<bool> {
      ++count.files;
      const auto value = form.read(folder, content.text, content.written);
      const bool is_good = value && leads_to(form.place_of(value->name), folder, file);
      if (!is_good && count.bad++ == 0) count.first_bad = (std::filesystem::path(folder) / file).string();
      return true;
    };
    const auto all = for_each_file(**files, add, deadline);
    if (!all) return fail(all.error());
  }
  return count;
}

Finding find_entries(const std::filesystem::path& root, const Form& form, Deadline deadline) {
  const auto count = count_files(root, form, deadline);
  if (!count) {
    const bool late = count.error().code == ErrorCode::timeout;
    return {late ? Grade::warn : Grade::fail, "entries", "not all files were checked: " + count.error().message,
            late ? "allow more time with --deadline" : "change its owner or mode"};
  }
  const std::string files = std::to_string(count->files) + (count->files == 1 ? " file" : " files");
  if (count->bad == 0) return {Grade::pass, "entries", files + ", and each can be found by its request", ""};
  return {Grade::warn, "entries",
          std::to_string(count->bad) + " of " + files + " cannot be found by a request, such as " + count->first_bad,
          "see all with: llmcache fixtures check"};
}

}  // namespace

std::vector<Finding> diagnose(const std::filesystem::path& root, const Form& form, bool read_only, Deadline deadline) {
  const std::string name = root.string();
  const auto opened = FolderFiles::open(root, "");
  if (!opened) return {{Grade::fail, "directory", opened.error().message, "choose another path: --store dir:PATH"}};
  if (!*opened && read_only) {
    return {{Grade::warn, "directory", name + " does not exist, so every lookup is a miss",
             "record something into it first"}};
  }
  const auto nearest = nearest_directory(root);
  std::vector<Finding> findings;
  findings.push_back(
      {Grade::pass, "directory", name + (*opened ? " exists" : " does not exist yet; the first write creates it"), ""});
  findings.push_back(find_permissions(nearest, read_only));
  findings.push_back(find_free_space(nearest, 0));
  if (*opened) findings.push_back(find_entries(root, form, deadline));
  return findings;
}

}  // namespace libcache::internal::dir
