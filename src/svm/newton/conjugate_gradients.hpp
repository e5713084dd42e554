#pragma once
// Conjugate gradients on many columns at once, preconditioned.

#include <optional>

#include "svm/algebra/support_products.hpp"
#include "svm/newton/preconditioner.hpp"

namespace pool3::svm {

/// Solves (I + sum_i h_i x_i x_i^T) d = r, for columns that share their rows. A column that is done leaves: it costs
/// nothing in the passes that follow.
template <typename Real>
class ConjugateGradients {
 public:
  struct Settings {
    double forcing = 0.1;                ///< a column is done when its residual is below this times |r|,
    Sums enough = {};                    ///< [width] or the square of that below this; empty: 0
    double max_density = sparse_enough;  ///< of h up to which a pass goes over support vectors alone
  };
  /// `curvature` [rows, width]: h. `right` [dim + 1, width]: r. `objective` and `basis` must outlive it. Collective.
  ConjugateGradients(const Objective& objective, const Eigenbasis& basis, Matrix<Real> curvature, Matrix<Real> right,
                     const Settings& settings);

  /// True when all columns are done; but where passes go over whole matrices, the last few columns hold up no others.
  [[nodiscard]] bool done() const { return done_; }
  /// One pass over the rows. REQUIRES: not done(). Collective.
  void pass();
  /// d: [dim + 1, width].
  [[nodiscard]] const Matrix<Real>& direction() const { return found_; }

 private:
  [[nodiscard]] Matrix<Real> curved() const;
  void make_preconditioner();
  [[nodiscard]] Matrix<Real> preconditioned() const;
  void move(const Matrix<Real>& curved);
  void find_open();
  void leave_behind();

  const Objective& objective_;
  const Eigenbasis& basis_;
  SupportProducts<Real> pairs_;
  bool sparse_;
  bool all_sparse_;  ///< on every rank
  Matrix<Real> found_;
  // Of the columns that are left:
  Places left_;                            ///< their places
  Matrix<Real> curvature_;                 ///< [rows, width], empty where pairs are few
  Sums mean_;                              ///< of the curvature
  Places mine_;                            ///< which of those this rank preconditions
  std::optional<Preconditioner> inverse_;  ///< of these
  Matrix<Real> r_, along_;                 ///< residual, and what is searched along: [dim + 1, width]
  Sums rz_, goal_;
  Eigen::Array<bool, 1, Eigen::Dynamic> open_;
  bool done_ = false;
};

extern template class ConjugateGradients<float>;
extern template class ConjugateGradients<double>;

}  // namespace pool3::svm
