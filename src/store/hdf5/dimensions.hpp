#pragma once
// Names of dimensions, for programs that show a file to people.

#include "store/hdf5/hdf5.hpp"

namespace pool3::store {

/// Names the dimensions of the tables that the file has, and makes `paths` the scale of every table's rows. It is the
/// same in every file with the same tables.
void name_dimensions(const File& file);

}  // namespace pool3::store
