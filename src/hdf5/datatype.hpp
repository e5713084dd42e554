#pragma once
// IV.A.2.d: types of values.

#include <string_view>

#include "pool3/hdf5.hpp"

namespace pool3::hdf5 {

[[nodiscard]] Hdf5Type read_datatype(std::string_view message);

}  // namespace pool3::hdf5
