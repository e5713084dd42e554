#pragma once
// Datasets of other programs that HDF5 would open and yet not read, or read as zeros.

#include <string>

#include "store/hdf5/hdf5.hpp"

namespace pool3::store {

/// Throws Error: packed by a filter that is not here, or virtual, over files that are not there.
void check_readable(hid_t dataset, const std::string& name, const Place& place);

}  // namespace pool3::store
