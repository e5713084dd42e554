#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "pool3/maintenance.hpp"
#include "store/files.hpp"

namespace pool3 {

void publish_link(const std::string& file, const std::string& link) {
  namespace fs = std::filesystem;
  const store::Place place{"publish", link};
  store::check_source({place.stage, file});
  std::error_code error;
  const fs::file_status there = fs::symlink_status(link, error);
  if (fs::exists(there) && !fs::is_symlink(there)) {
    throw error_at(place, "is no symbolic link", "move it away, or give another --as");
  }
  store::check_folder(place);
  const fs::path folder = fs::absolute(link).parent_path();
  // Relative, so that the tree can be moved or mounted elsewhere.
  fs::path target = fs::relative(fs::absolute(file), folder, error);
  if (error || target.empty()) target = fs::absolute(file);
  const std::string temporary = link + ".tmp";
  store::remove_file({place.stage, temporary});
  if (symlink(target.c_str(), temporary.c_str()) != 0) throw file_error(place.stage, link, errno);
  if (std::rename(temporary.c_str(), link.c_str()) != 0) {
    const int number = errno;
    unlink(temporary.c_str());
    throw file_error(place.stage, link, number);
  }
  store::sync_file({place.stage, folder.string()});
}

}  // namespace pool3
