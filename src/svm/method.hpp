#pragma once
// What is left of a solve after descent: which of Newton's methods, and in which precision.

#include <functional>
#include <optional>

#include "svm/gram/gram_newton.hpp"
#include "svm/newton/newton.hpp"
#include "svm/newton/sample_start.hpp"

namespace pool3::svm {

/// Relative gap that float is asked for, whatever the tolerance: below it, margins in float tell nothing.
[[nodiscard]] constexpr double float_tolerance(Loss loss) { return loss == Loss::l2 ? 1e-6 : 1e-5; }

struct FinishResult {
  Certificate certificate;
  std::int64_t products = 0;
  Doubles v;  ///< the weights in double, [dim + 1, padded]; empty if those of the point are the answer
};

/// Keeps what serves every solve: Gram matrices, the eigenbasis.
class Finish {
 public:
  /// `point` must outlive it. Collective.
  explicit Finish(Point& point)
      : point_(point),
        few_rows_(gram_fits(point)),
        many_rows_(point.table.loss == Loss::l2 && !few_rows_ && has_many_rows(point)) {}
  /// For the Gram matrix.
  [[nodiscard]] bool few_rows() const { return few_rows_; }
  /// So many that Newton begins, with a part of them.
  [[nodiscard]] bool many_rows() const { return many_rows_; }

  /// Goes on from the point, or from a part of the rows, in float, and then in double if float ends short of the
  /// tolerance or its own. Sets the point, which is the pair rounded to float if that was in double. Collective.
  FinishResult solve(const NewtonLimits& limits, bool from_sample,
                     const std::function<void(const NewtonProgress&)>& progress);

 private:
  using Tell = std::function<void(const NewtonProgress&)>;
  void in_float(FinishResult& result, NewtonLimits limits, const Tell& progress, bool by_gram);
  void in_double(FinishResult& result, NewtonLimits limits, const Tell& progress, bool by_gram);
  std::function<const Spectrum&()> spectrum();

  Point& point_;
  bool few_rows_, many_rows_;
  std::optional<Spectrum> spectrum_;
  std::optional<GramNewton<float>> float_gram_;
  std::optional<GramNewton<double>> double_gram_;
};

}  // namespace pool3::svm
