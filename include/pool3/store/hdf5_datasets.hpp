#pragma once
// Datasets of HDF5 files that other programs have written. HDF5 itself reads them: it is not made for hostile files.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pool3/types.hpp"

namespace pool3 {

/// A table of numbers [rows, width], of any type of number and any layout. Not collective.
class Hdf5Numbers {
 public:
  /// Throws Error: not HDF5, no such dataset, no numbers, other than two dimensions that are not 1.
  Hdf5Numbers(const std::string& path, const std::string& dataset);
  Hdf5Numbers(Hdf5Numbers&&) noexcept;
  Hdf5Numbers& operator=(Hdf5Numbers&&) noexcept;
  ~Hdf5Numbers();
  [[nodiscard]] std::int64_t rows() const;
  [[nodiscard]] std::int64_t width() const;
  /// Throws Error. REQUIRES: `out` has rows x width numbers.
  void read(RowRange rows, std::span<float> out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A dataset with one value a row: texts as they are, whole numbers in digits, others in the shortest form that reads
/// back as the same, NaN as "". Throws Error.
[[nodiscard]] std::vector<std::string> read_hdf5_column(const std::string& path, const std::string& dataset);

/// A dataset, named with the groups that it is in: "train/X".
struct NamedDataset {
  std::string name;
  std::vector<std::int64_t> shape;  ///< at least one dimension
};
/// By name. Throws Error.
[[nodiscard]] std::vector<NamedDataset> named_datasets(const std::string& path);

}  // namespace pool3
