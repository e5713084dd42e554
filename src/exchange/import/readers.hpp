#pragma once
// The tables, one file a format.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/import.hpp"

namespace pool3::exchange {

/// "7" of 7.0, else the shortest text that reads back as the same number.
[[nodiscard]] std::string number_as_label(double value);
/// A number from the whole of `text`, blanks around it aside; false if it is none.
[[nodiscard]] bool parse_number(std::string_view text, double& value);

/// `array` of a .npz; or "", of a .npy.
[[nodiscard]] std::unique_ptr<TableReader> open_npy(const std::string& path, const std::string& array);
[[nodiscard]] std::vector<std::string> read_npy_column(const std::string& path, const std::string& array);
/// An array of a .npz. `dimensions` by its header.
struct NpzArray {
  std::string name;
  int dimensions = 0;
  std::int64_t rows = 0;
};
[[nodiscard]] std::vector<NpzArray> npz_arrays(const std::string& path);

[[nodiscard]] std::unique_ptr<TableReader> open_csv(const std::string& path, const std::string& label_column);
/// `column`: its name or number, from 1; or "" if there is one column alone.
[[nodiscard]] std::vector<std::string> read_csv_column(const std::string& path, const std::string& column);

/// True if the first line that is not empty looks as "LABEL INDEX:VALUE ...".
[[nodiscard]] bool looks_like_libsvm(const std::string& path);
[[nodiscard]] std::unique_ptr<TableReader> open_libsvm(const std::string& path);

}  // namespace pool3::exchange
