#pragma once
// The table of failed rows, and its way from the ranks to the root.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/store/features.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/hdf5/structure.hpp"

namespace pool3::store {

/// Failures as bytes: a record of a log.
[[nodiscard]] std::string encode_failures(std::span<const Failure> failures);
/// Appends what encode_failures() made. False, with nothing appended, for bytes that it does not make.
[[nodiscard]] bool decode_failures(std::string_view bytes, std::vector<Failure>& failures);

struct WrittenFailures {
  Dataset table;
  std::uint64_t checksum = 0;
};
/// Creates the dataset "failures" in order of rows.
[[nodiscard]] WrittenFailures write_failures(const File& file, std::vector<Failure> failures);

/// Opens the dataset "failures". Throws if it is not of the right type.
[[nodiscard]] Dataset open_failures(const Structure& file);
[[nodiscard]] std::vector<Failure> read_failures(const Dataset& table, RowRange entries);

}  // namespace pool3::store
