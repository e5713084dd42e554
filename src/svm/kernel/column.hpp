#pragma once
// One column over a kernel matrix: its dual, by Newton's method on working sets.

#include <cstdint>
#include <vector>

#include "pool3/svm.hpp"
#include "svm/kernel/kernel_matrix.hpp"

namespace pool3::svm {

class LowRankKernel;

/// What a column solves. Rows with a cost of 0 do not count, but have a margin all the same.
struct KernelColumn {
  std::vector<float> y;     ///< [rows] 1 or -1; anything where the cost is 0
  std::vector<float> cost;  ///< [rows]
  Loss loss = Loss::l2;
  bool free_bias = false;  ///< a bias that costs nothing, as LIBSVM's; then the sum of v is 0
};

/// v_i = y_i a_i of the dual variables a, with margins f = k v (without the free bias).
struct KernelPoint {
  std::vector<double> v, f;  ///< [rows]
  double bias = 0;           ///< the free one
  // The certificate, exact for this kernel matrix.
  double primal = 0, gap = 0;
  int products = 0;        ///< with rows of the matrix
  bool saturated = false;  ///< hinge: no dual variable is at C, so a larger C has the same answer
};

/// How large the kernel of some rows is beside what the squared hinge adds to its diagonal.
[[nodiscard]] double condition(const KernelMatrix& kernel, const KernelColumn& column, const RowList& rows);
/// The squared hinge's matrix is factorised in float up to the first; beyond the second, sums in double lose what the
/// added diagonal says: a column that gains nothing is soon left.
inline constexpr double well_conditioned = 1e5, hopeless = 1e11;

/// Sets bias, primal, gap and saturated of a point from its v and f.
void certify(const KernelColumn& column, KernelPoint& point);

struct ColumnRules {
  double tolerance = 1e-4;  ///< of gap / primal
  int most_products = 1000;
};

/// Moves a point, whose f belongs to its v, to the optimum. Dual variables outside their limits are put on them.
/// `low_rank`: of this kernel, where a point far from the optimum may be left for what it guesses; of the squared hinge
/// without a free bias.
void solve_column(const KernelMatrix& kernel, const KernelColumn& column, const ColumnRules& rules, KernelPoint& point,
                  const LowRankKernel* low_rank = nullptr);

}  // namespace pool3::svm
