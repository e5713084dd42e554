#pragma once
// Tables of other programs: .npy, .npz, HDF5, CSV and LIBSVM's text. Plain .npy and texts may be compressed (gzip,
// bzip2, xz, zstd).

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/mpi.hpp"
#include "pool3/store/features.hpp"

namespace pool3 {

/// What the provenance of imported features has in place of weights, profile and precision.
inline constexpr std::string_view imported = "imported";

/// True for the path of a row that came without one.
[[nodiscard]] bool is_row_name(std::string_view path);

/// FILE[:DATASET], as users give it.
struct TableName {
  std::string path;
  std::string dataset;  ///< of .npz and HDF5; or a column of a CSV
  [[nodiscard]] std::string text() const { return dataset.empty() ? path : path + ":" + dataset; }
};
/// What follows the last colon is a dataset, unless a file has the whole text as its name.
[[nodiscard]] TableName parse_table_name(const std::string& text);

/// Rows of numbers, read from the first to the last. Memory does not grow with the rows, but for their labels, and for
/// tables that lie column by column. Not collective.
class TableReader {
 public:
  virtual ~TableReader() = default;
  [[nodiscard]] std::int64_t rows() const { return facts.rows; }
  [[nodiscard]] std::int64_t width() const { return facts.width; }
  /// The labels that came along, one a row, empty where a row has none; or nothing at all.
  [[nodiscard]] const std::vector<std::string>& labels() const { return facts.labels; }
  /// The paths of pictures that came along, as labels().
  [[nodiscard]] const std::vector<std::string>& paths() const { return facts.paths; }
  /// What was taken for what, for people; or "".
  [[nodiscard]] const std::string& note() const { return facts.note; }
  /// The next out.size() / width() rows. Throws Error naming the row and what is wrong with it: no number, too few or
  /// too many of them, an end too early. Numbers that are not finite come as they are.
  virtual void read(std::span<float> out) = 0;

 protected:
  struct Facts {
    std::int64_t rows = 0, width = 0;
    std::vector<std::string> labels, paths;
    std::string note;
  };
  Facts facts;  ///< what the functions above return: the constructor fills it in
};

/// Opens a table by its content. `label_column`, of a CSV: the name or the number, from 1, of the column of labels; "":
/// one whose header says so, or the only one with texts; "none": none. Other texts, names of rows and numbers that only
/// count them are left out; of texts that are paths by their header or their endings, paths() are made. Of .npz and
/// HDF5 without a dataset's name, `X`, `x`, `features`, `data`, or the only one with two dimensions, in any group;
/// their labels from `y`, `labels`, `label` or `target` beside it (of `X_train`, `y_train`), their paths from `paths`,
/// `filenames` or `image_names`. Throws Error.
[[nodiscard]] std::unique_ptr<TableReader> open_table(const TableName& name, const std::string& label_column);

/// One text for each row: an array of numbers or texts, a dataset, a column of a CSV, or the lines of a text. Whole
/// numbers are written without a point; of rows with a single 1 among zeros, its place is written. Throws Error.
[[nodiscard]] std::vector<std::string> read_column(const TableName& name);

/// How to make a feature file of a table.
struct ImportOptions {
  TableName features;
  TableName labels;          ///< one for each row; of path "": those that come along; "none": none
  TableName paths;           ///< of pictures, one for each row, from the file's folder on; the same
  std::string label_column;  ///< as open_table() takes it
  std::string out;
  FeatureType type = FeatureType::float32;
  bool overwrite = false;  ///< a finished file of other rows is replaced
  std::string version;     ///< of pool3
  std::string config;      ///< resolved configuration, JSON
};
struct ImportReport {
  std::int64_t rows = 0, width = 0, classes = 0, without_label = 0;
  bool has_paths = false;
  std::string note;  ///< what was taken for what
};
/// Writes a feature file that every command reads. A row without a path of its own has "row-I"; its key is that of its
/// features as float32, so that equal rows are copies. The first rank does the work; memory does not grow with the
/// features. Collective; the first rank alone gets the report. Throws a collective Error: what open_table() throws, a
/// number that is not finite (with its row), other than one label or path a row.
[[nodiscard]] ImportReport import_features(const Communicator& comm, const ImportOptions& options);

}  // namespace pool3
