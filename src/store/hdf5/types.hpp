#pragma once
// The types of what pool3 stores.

#include <cstddef>

#include "pool3/hdf5.hpp"

namespace pool3::store {

[[nodiscard]] Hdf5Type int8_type();
[[nodiscard]] Hdf5Type int16_type();
[[nodiscard]] Hdf5Type int32_type();
[[nodiscard]] Hdf5Type int64_type();
[[nodiscard]] Hdf5Type uint64_type();
[[nodiscard]] Hdf5Type float16_type();
[[nodiscard]] Hdf5Type float32_type();
[[nodiscard]] Hdf5Type float64_type();
/// Fixed-length string, padded with NUL.
[[nodiscard]] Hdf5Type string_type(std::size_t width, bool utf8);
[[nodiscard]] bool is_string(const Hdf5Type& type);
/// uint8 with the names of RowStatus.
[[nodiscard]] Hdf5Type status_type();
/// uint8 with the names of RowSide.
[[nodiscard]] Hdf5Type side_type();
/// That of `status` in files that are older than `missing`: all names before it.
[[nodiscard]] Hdf5Type older_status_type();

}  // namespace pool3::store
