#pragma once
// A folder for the files of a test of several ranks.

#include <optional>
#include <string>

#include "pool3/mpi.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::test {

/// A folder that all ranks share, gone with the first rank's. Every rank must make one, and say in TearDown that it is
/// through (Communicator::barrier()).
class SharedFolder {
 public:
  explicit SharedFolder(const Communicator& comm) {
    if (comm.is_root()) folder_.emplace();
    path_ = comm.is_root() ? folder_->path() : "";
    comm.broadcast(path_);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::optional<TemporaryFolder> folder_;
  std::string path_;
};

}  // namespace pool3::test
