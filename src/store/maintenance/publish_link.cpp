#include <filesystem>

#include "pool3/files.hpp"
#include "pool3/store/maintenance.hpp"

namespace pool3 {

void publish_link(const std::string& file, const std::string& link) {
  namespace fs = std::filesystem;
  const Place place{"publish", link};
  check_source({place.stage, file});
  std::error_code error;
  const fs::file_status there = fs::symlink_status(link, error);
  if (fs::exists(there) && !fs::is_symlink(there)) {
    throw error_at(place, "is no symbolic link", "move it away, or give another --as");
  }
  check_folder(place);
  const fs::path folder = fs::absolute(link).parent_path();
  // Relative, so that the tree can be moved or mounted elsewhere.
  fs::path target = fs::relative(fs::absolute(file), folder, error);
  if (error || target.empty()) target = fs::absolute(file);
  write_whole_link(place, target.string());
}

}  // namespace pool3
