#pragma once
// The pictures that arguments of a command name, whatever they lie in.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "console/log.hpp"
#include "pool3/mpi.hpp"

namespace pool3::jobs {

struct NamedPicture {
  std::string shown;  ///< as it can be opened from the working folder
  std::string path;   ///< to read; "-" for that of stdin
};

struct NamedPictures {
  std::vector<NamedPicture> pictures;  ///< in the order of the arguments; on the root
  std::vector<std::byte> from_stdin;   ///< a picture; on every rank
};
/// Arguments are pictures, members of tar files (FILE.tar/MEMBER), all that --corpus takes (folders, tables, lists, tar
/// files), and "-": on stdin is a picture, or a path a line (or with a NUL behind each). Collective; throws a
/// collective Error. What is no file at all is a picture that can't be read.
[[nodiscard]] NamedPictures find_pictures(const Communicator& comm, const std::vector<std::string>& arguments,
                                          Log& log);

/// Calls `judge` with the pictures of this rank, some at a time; it returns a line for each, which ends with a line
/// feed. All lines are printed in the order of `pictures`. Collective.
void print_in_order(const Communicator& comm, const std::vector<NamedPicture>& pictures,
                    const std::function<std::vector<std::string>(const std::vector<NamedPicture>&)>& judge);

}  // namespace pool3::jobs
