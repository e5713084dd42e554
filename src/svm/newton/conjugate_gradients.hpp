#pragma once
// Conjugate gradients on many columns at once, preconditioned.

#include <optional>

#include "svm/algebra/products.hpp"
#include "svm/algebra/support_products.hpp"
#include "svm/newton/eigenbasis.hpp"

namespace pool3::svm {

/// Solves (I + sum_i h_i x_i x_i^T) d = r, for columns that share their rows. A column that is done leaves: it costs
/// nothing in the passes that follow.
template <typename Real>
class ConjugateGradients {
 public:
  using Reals = std::vector<Real>;
  /// `curvature` [rows, width]: h. `right` [dim + 1, width]: r. A column is done when its residual is below `forcing`
  /// times |r|. `point` and `spectrum` must outlive it. Collective.
  ConjugateGradients(const Point& point, const Spectrum& spectrum, Reals curvature, Reals right, double forcing);

  /// True when all columns are done; but where passes go over whole matrices, the last few columns hold up no others.
  [[nodiscard]] bool done() const { return done_; }
  /// One pass over the rows. REQUIRES: not done(). Collective.
  void pass();
  /// d: [dim + 1, width].
  [[nodiscard]] const Reals& direction() const { return found_; }

 private:
  [[nodiscard]] Reals curved() const;
  void make_preconditioner();
  [[nodiscard]] Reals preconditioned() const;
  void find_open();
  void leave_behind();

  const Point& point_;
  const Spectrum& spectrum_;
  std::size_t full_width_;
  RowEntries<Real> pairs_;
  bool few_;
  bool all_few_;  ///< on every rank
  Reals found_;
  // Of the columns that are left:
  std::vector<std::int64_t> left_;         ///< their places
  Reals curvature_;                        ///< [rows, width], empty where pairs are few
  Doubles mean_;                           ///< of the curvature
  std::vector<std::int64_t> mine_;         ///< which of those this rank preconditions
  std::optional<Preconditioner> inverse_;  ///< of these
  Reals r_, along_;                        ///< residual, and what is searched along: [dim + 1, width]
  Doubles rz_, goal_;
  std::vector<bool> open_;
  bool done_ = false;
};

extern template class ConjugateGradients<float>;
extern template class ConjugateGradients<double>;

}  // namespace pool3::svm
