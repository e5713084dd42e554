#pragma once
// What this program asks of the system: the calls that make a file whole are replaced by ones that keep a record and
// may fail.

#include <string>
#include <vector>

namespace pool3::test {

struct Calls {
  std::vector<std::string> record;  ///< "fsync PATH", "rename FROM TO", in their order
  int pwrite_errno = 0;             ///< with this pwrite fails once half of the bytes are written; 0: it does not
  int fsync_errno = 0;
  int rename_errno = 0;
};

/// Those of this process. Assign {} to begin anew.
Calls& calls();

}  // namespace pool3::test
