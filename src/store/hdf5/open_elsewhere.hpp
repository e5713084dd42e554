#pragma once
// A file that fits no seal may be in the middle of another program's changes.

#include "pool3/files.hpp"

namespace pool3::store {

/// The error for a file that another program has open for writing.
[[nodiscard]] Error open_elsewhere_error(const Place& place);

/// True if another program has `file` open for writing, as far as it shows: by the locks that HDF5 and others take, or
/// by the mark that HDF5 leaves in newer files until they are closed. REQUIRES: this process does not write to the
/// file.
[[nodiscard]] bool is_open_elsewhere(const Descriptor& file);

}  // namespace pool3::store
