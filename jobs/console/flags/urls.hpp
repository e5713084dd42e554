#pragma once
// Addresses where paths should be.

#include "console/flags/named_paths.hpp"

namespace pool3::jobs {

/// Throws usage Error for an address, as https://...: pool3 reads and writes files.
void refuse_urls(const NamedPaths& paths);

}  // namespace pool3::jobs
