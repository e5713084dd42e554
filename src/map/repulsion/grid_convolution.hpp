#pragma once
// A charge on each node of a square grid, and what the charges do to each node, by Fourier transforms.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "map/matrix.hpp"

namespace pool3::map {

/// Fields of the charges: 0 is their sum with 1 / (1 + d^2), d the distance of nodes; 1 and 2 are those with
/// x / (1 + d^2)^2 and y / (1 + d^2)^2, x and y from the charge to the node along columns and rows.
class Convolution {
 public:
  /// side x side nodes.
  explicit Convolution(std::int64_t side);
  ~Convolution();
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;

  /// Index of a node in the arrays below.
  [[nodiscard]] std::size_t at(std::int64_t row, std::int64_t column) const { return index(row * 2 * side_ + column); }
  [[nodiscard]] double* charges() const;
  static constexpr int fields = 3;
  [[nodiscard]] const double* field(int which) const;
  void clear_charges() const;
  /// `step`: distance of a node from the next. Charges are left as they are.
  void convolve(double step, int threads);

 private:
  struct Transforms;
  std::int64_t side_;
  std::unique_ptr<Transforms> transforms_;
};

}  // namespace pool3::map
