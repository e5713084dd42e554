#include "svm/methods.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "svm/model/loss.hpp"
#include "svm/newton/sample_start.hpp"

namespace pool3::svm {
namespace {

/// When descent is left for Newton.
class HandOver {
 public:
  HandOver(double tolerance, bool few_rows) : tolerance_(tolerance), measured_(few_rows ? 2 : 3) {}

  /// True if descent does not look to be done within some epochs, judged by its estimates of the gap. A Newton finish
  /// takes about as many passes over the rows, whatever the condition of the problem.
  [[nodiscard]] bool is_due(double estimate) {
    estimates_.push_back(estimate);
    if (estimates_.size() <= measured_) return false;
    const double before = estimates_[estimates_.size() - 1 - measured_];
    const double fall = std::log(before / estimate) / static_cast<double>(measured_);
    const double left = std::log(estimate / tolerance_);
    return left > std::max(fall, 0.0) * patience_epochs || estimates_.size() >= most_epochs;
  }

 private:
  static constexpr double patience_epochs = 15;
  /// And no longer than this: its rate falls.
  static constexpr std::size_t most_epochs = 40;
  double tolerance_;
  /// Epochs that the rate is measured over: fewer where Newton with few rows can take over, since its steps cost no
  /// more than theirs.
  std::size_t measured_;
  std::vector<double> estimates_;
};

}  // namespace

Methods::Methods(Objective objective, std::uint64_t seed, const Stages& stages)
    : objective_(std::move(objective)),
      stages_(stages),
      few_rows_(stages.gram && gram_fits(objective_)),
      many_rows_(stages.sample && objective_.columns.loss == Loss::l2 && !few_rows_ && has_many_rows(objective_)),
      iterate_(zero_iterate<float>(objective_)),
      descent_(objective_, iterate_, seed) {}

Outcome Methods::run(Method method, StoppingRules rules, const Progress& progress) {
  rules.max_passes = std::max<std::int64_t>(rules.max_passes, 1);
  StoppingRules of_float = rules;
  of_float.tolerance = std::max(rules.tolerance, float_tolerance(objective_.columns.loss));
  switch (method) {
    case Method::sample_start:
      return sample_start(of_float);
    case Method::descent:
      return descent(rules, progress);
    case Method::gram_newton:
      return gram_newton(of_float, progress);
    case Method::newton:
      return newton(of_float, progress);
    case Method::gram_newton_in_double:
      return gram_newton_in_double(rules, progress);
    case Method::newton_in_double:
      return newton_in_double(rules, progress);
    case Method::none:
      break;
  }
  return {};
}

NewtonTools Methods::tools() {
  const auto basis = [this]() -> const Eigenbasis& {
    std::optional<Eigenbasis>& found = *eigenbasis_;
    if (!found) found = stages_.eigenbasis ? compute_eigenbasis(objective_) : no_eigenbasis(objective_);
    return *found;
  };
  return {basis, stages_.support_products ? sparse_enough : -1};
}

Outcome Methods::sample_start(const StoppingRules& rules) {
  return {std::llround(start_from_sample(objective_, iterate_.v, tools(), rules)), {}};
}

/// Until the certificate holds, another method looks cheaper, or float can do no more.
Outcome Methods::descent(const StoppingRules& rules, const Progress& progress) {
  const Loss loss = objective_.columns.loss;
  const bool has_newton = stages_.hand_over && (loss == Loss::l2 || stages_.smoothing);
  double trigger = rules.tolerance;  // estimate at which a certificate is worth its price
  HandOver hand_over(rules.tolerance, few_rows_);
  Stopping stopping(rules, 1);
  for (Outcome outcome;;) {
    const WalkSums sums = descent_.epoch();
    ++outcome.passes;
    const double primal = sums.loss + 0.5 * column_dots(iterate_.v, iterate_.v).sum();
    const double estimate = sums.gap / std::max(primal, std::numeric_limits<double>::min());
    progress({outcome.passes, estimate, primal});
    const bool ends = stopping.ends({.passes = outcome.passes, .primal = primal});
    const bool is_floats_end =
        stages_.hand_over && estimate <= float_tolerance(loss) && rules.tolerance < float_tolerance(loss);
    if (!ends && is_floats_end) return outcome;
    if (ends || estimate <= trigger) {
      const Matrix<double> of_duals = weights_of_duals(objective_, iterate_.alpha);
      iterate_.v = of_duals.cast<float>();  // float updates drift
      outcome.certificate = certify(objective_, iterate_, of_duals);
      if (ends || outcome.certificate->relative_gap() <= rules.tolerance) return outcome;
      trigger = 0.7 * estimate;
    }
    if (hand_over.is_due(estimate) && has_newton) return outcome;
  }
}

Outcome Methods::gram_newton(const StoppingRules& rules, const Progress& progress) {
  if (!gram_) gram_.emplace(objective_);
  StoppingRules less_one = rules;
  --less_one.max_passes;  // for the certificate
  const std::int64_t passes = gram_->solve(iterate_, less_one, progress);
  return {passes, certify(objective_, iterate_, weights_of_duals(objective_, iterate_.alpha))};
}

Outcome Methods::newton(const StoppingRules& rules, const Progress& progress) {
  NewtonResult result = svm::newton(objective_, iterate_, tools(), rules, progress);
  return {result.passes, std::move(result.certificate)};
}

Iterate<double>& Methods::in_double() {
  if (!in_double_) in_double_ = converted<double>(std::move(iterate_));
  return *in_double_;
}

Outcome Methods::gram_newton_in_double(const StoppingRules& rules, const Progress& progress) {
  if (!gram_in_double_) gram_in_double_.emplace(objective_);
  Iterate<double>& iterate = in_double();
  StoppingRules less_one = rules;
  --less_one.max_passes;
  const std::int64_t passes = gram_in_double_->solve(iterate, less_one, progress);
  of_gram_ = certify(objective_, iterate, weights_of_duals(objective_, iterate.alpha));
  return {passes, of_gram_};
}

/// Where margins are sums of products that cancel, weights say more than dual variables do. Keeps what the Gram matrix
/// gave, if that was better.
Outcome Methods::newton_in_double(const StoppingRules& rules, const Progress& progress) {
  Iterate<double>& iterate = in_double();
  std::optional<Iterate<double>> before;
  if (of_gram_) before = iterate;
  NewtonResult result = svm::newton(objective_, iterate, tools(), rules, progress);
  if (!of_gram_ || result.certificate.relative_gap() <= of_gram_->relative_gap())
    return {result.passes, std::move(result.certificate)};
  iterate = std::move(*before);
  return {result.passes, of_gram_};
}

Matrix<double> Methods::take_weights() {
  if (!in_double_) return iterate_.v.cast<double>();
  Matrix<double> weights = in_double_->v;
  iterate_ = converted<float>(std::move(*in_double_));
  in_double_.reset();
  of_gram_.reset();
  return weights;
}

}  // namespace pool3::svm
