#pragma once
// The RBF kernel of more rows than a kernel matrix holds, by landmarks (Nystroem; Williams, Seeger 2001).
//
// A row becomes z = K_mm^(-1/2) k(x), with the kernel's values k(x) of it and each of m landmarks. Products of such
// rows approximate the kernel, and are the kernel where the landmarks are all rows. What a linear solver finds over z
// is an ordinary RBF machine whose support vectors are the landmarks.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/svm.hpp"
#include "pool3/svm/kernel_machine.hpp"

namespace pool3 {

/// Some of the rows, by label, then by origin.
struct Landmarks {
  std::int64_t dim = 0;
  std::vector<float> x;              ///< [count, dim] in the problem's features
  std::vector<std::int32_t> labels;  ///< [count]
  std::vector<std::int64_t> origin;  ///< [count]
  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
};
/// Each class gives its share, and one row at least if `count` allows; which ones a hash of seed and origin says, so
/// they are the same for any number of ranks. More than there are rows: all. REQUIRES: origins. Collective; the same on
/// every rank.
[[nodiscard]] Landmarks choose_landmarks(const Communicator& comm, const Problem& problem, std::int64_t count,
                                         std::uint64_t seed);
/// Gamma as a number: the median is that of the landmarks, the variance of all rows. Collective; throws Error.
[[nodiscard]] double gamma_of(const Communicator& comm, const Gamma& gamma, const Problem& problem,
                              const Landmarks& landmarks);

/// Rows to z. Eigenvalues of K_mm below 1e-6 count as 1e-6: scores are computed in float.
class LandmarkMap {
 public:
  /// The first rank decomposes K_mm. Collective; throws a collective Error.
  LandmarkMap(const Communicator& comm, const Landmarks& landmarks, double gamma, int threads);
  [[nodiscard]] double gamma() const { return gamma_; }
  /// The problem over z, [rows, count], with all else that it has. In double, then rounded. Not collective.
  [[nodiscard]] Problem operator()(const Problem& problem) const;
  /// Only z of the problem's rows, where it is wanted: [rows, count]. Not collective.
  void map_rows(const Problem& problem, std::span<float> to) const;
  /// What weights over z are as coefficients of landmarks: [columns, count]. Not collective.
  [[nodiscard]] std::vector<double> coefficients(const Fit& fit) const;

 private:
  std::int64_t count_, dim_;
  double gamma_;
  int threads_;
  std::vector<double> x_;        ///< [count, dim]
  std::vector<double> squares_;  ///< [count] |x|^2
  std::vector<double> root_;     ///< [count, count] K_mm^(-1/2)
};

}  // namespace pool3
