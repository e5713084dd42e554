#pragma once
// The tables, one file a format.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/exchange/import.hpp"
#include "pool3/files.hpp"

namespace pool3::exchange {

/// "7" of 7.0, "" of NaN, else the shortest text that reads back as the same number.
[[nodiscard]] std::string number_as_label(double value);
/// A number from the whole of `text`, blanks around it aside; false if it is none.
[[nodiscard]] bool parse_number(std::string_view text, double& value);
/// "nan", "NA", "None", "<NA>" ...
[[nodiscard]] bool is_word_for_missing(std::string_view text);
/// Where labels are numbers, words for a number that is missing ("nan", "NA", "None", "<NA>" ...) become "". Among
/// other texts they may be names of classes, and stay.
void leave_out_missing(std::vector<std::string>& labels);

/// `array` of a .npz; or "", of a .npy.
[[nodiscard]] std::unique_ptr<TableReader> open_npy(const std::string& path, const std::string& array);
[[nodiscard]] std::vector<std::string> read_npy_column(const std::string& path, const std::string& array);
/// An array of a .npz, with its shape by its header.
struct NpzArray {
  std::string name;
  std::vector<std::int64_t> shape;
  bool readable = true;  ///< else whoever reads it gets the error
};
/// Throws Error for a zip that holds something else.
[[nodiscard]] std::vector<NpzArray> npz_arrays(const std::string& path);

/// One value a row of a table [rows, classes] that has a single 1 in each, "0" for the first class. Reads all its rows.
/// Throws Error: any other table.
[[nodiscard]] std::vector<std::string> one_hot_labels(TableReader& table, const Place& place);

[[nodiscard]] std::unique_ptr<TableReader> open_csv(const std::string& path, const std::string& label_column);
/// `column`: its name or number, from 1; or "" if there is one column alone.
[[nodiscard]] std::vector<std::string> read_csv_column(const std::string& path, const std::string& column);

/// True if the first line of more than a number looks as "LABEL INDEX:VALUE ...".
[[nodiscard]] bool looks_like_libsvm(const std::string& path);
[[nodiscard]] std::unique_ptr<TableReader> open_libsvm(const std::string& path);

}  // namespace pool3::exchange
