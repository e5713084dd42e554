#include "console/flags/urls.hpp"

#include <fmt/format.h>

#include "pool3/corpus.hpp"
#include "pool3/error.hpp"

namespace pool3::jobs {

void refuse_urls(const NamedPaths& paths) {
  for (const ReadPath& read : paths.reads)
    if (names_address(read.path))
      throw usage_error(fmt::format("{} {} is an address, and pool3 reads files", read.name, read.path),
                        "fetch it first, as with wget, curl -O or aws s3 sync, and give its path");
  for (const WrittenPath& written : paths.writes)
    if (names_address(written.path))
      throw usage_error(fmt::format("{} {} is an address, and pool3 writes files", written.name, written.path),
                        "give a path, and copy the file afterwards");
}

}  // namespace pool3::jobs
