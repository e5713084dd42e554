#pragma once
// Three charges on a square grid to four potentials, by Fourier transforms.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "map/matrix.hpp"

namespace pool3::map {

/// Of charges c0, c1, c2: potential 0 is c0 convolved with 1 / (1 + d^2), the others are c0, c1 and c2 convolved with
/// its square; d is the distance of nodes.
class Convolution {
 public:
  /// side x side nodes.
  explicit Convolution(std::int64_t side);
  ~Convolution();
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;

  /// Index of a node in the arrays below.
  [[nodiscard]] std::size_t at(std::int64_t row, std::int64_t column) const { return index(row * 2 * side_ + column); }
  [[nodiscard]] double* charge(int which) const;
  [[nodiscard]] const double* potential(int which) const;
  void clear_charges();
  /// `step`: distance of a node from the next. Charges are left as they are.
  void convolve(double step, int threads);

 private:
  struct Transforms;
  std::int64_t side_;
  std::unique_ptr<Transforms> transforms_;
};

}  // namespace pool3::map
