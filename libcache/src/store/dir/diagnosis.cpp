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

Status count_files(const FolderFiles& files, const std::string& folder, const Form& form, Deadline deadline,
                   Count& count) {
  FolderListing listing;
  if (auto status = listing.refresh(files); !status) return status;
  for (const std::string& file : listing.files()) {
    if (deadline.expired()) return fail(ErrorCode::timeout, "the deadline has passed");
    const auto content = files.read(file);
    if (!content) return fail(content.error());
    if (!*content) continue;
    ++count.files;
    const auto value = form.read(folder, (*content)->text, (*content)->written);
    if (value && leads_to(form.place_of(value->name), folder, file)) continue;
    if (count.bad++ == 0) count.first_bad = (std::filesystem::path(folder) / file).string();
  }
  return {};
}

Finding find_entries(const std::filesystem::path& root, const Form& form, Deadline deadline) {
  Count count;
  const auto folders = folders_in(root);
  Status status = folders ? Status() : fail(folders.error());
  for (std::size_t i = 0; status && i < folders->size(); ++i) {
    const auto files = FolderFiles::open(root, (*folders)[i]);
    if (!files) status = fail(files.error());
    if (files && *files) status = count_files(**files, (*folders)[i], form, deadline, count);
  }
  if (!status) {
    const bool late = status.error().code == ErrorCode::timeout;
    return {late ? Grade::warn : Grade::fail, "entries", "not all files were checked: " + status.error().message,
            late ? "allow more time with --deadline" : "change its owner or mode"};
  }
  const std::string files = std::to_string(count.files) + (count.files == 1 ? " file" : " files");
  if (count.bad == 0) return {Grade::pass, "entries", files + ", and none is damaged or misnamed", ""};
  return {Grade::warn, "entries",
          std::to_string(count.bad) + " of " + files + " cannot be found by a request, such as " + count.first_bad,
          "see all with: llmcache fixtures check"};
}

}  // namespace

std::vector<Finding> diagnose(const std::filesystem::path& root, const Form& form, bool read_only, Deadline deadline) {
  const std::string name = root.string();
  const auto opened = FolderFiles::open(root, "");
  if (!opened) return {{Grade::fail, "directory", opened.error().message, "choose another path: --store dir:PATH"}};
  const auto nearest = nearest_directory(root);
  if (!*opened && read_only) {
    return {{Grade::warn, "directory", name + " does not exist, so every lookup is a miss",
             "record something into it first"}};
  }
  std::vector<Finding> findings;
  findings.push_back(
      {Grade::pass, "directory", name + (*opened ? " exists" : " does not exist yet; the first write creates it"), ""});
  findings.push_back(find_permissions(nearest, read_only));
  findings.push_back(find_free_space(nearest, 0));
  if (*opened) findings.push_back(find_entries(root, form, deadline));
  return findings;
}

}  // namespace libcache::internal::dir
