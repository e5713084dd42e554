#pragma once
// The methods of the solver on one problem: each takes over where the last one ended.

#include <memory>
#include <optional>

#include "svm/choose_method.hpp"
#include "svm/descent/descent.hpp"
#include "svm/gram/gram_newton.hpp"
#include "svm/newton/newton.hpp"

namespace pool3::svm {

/// What a method leaves beside its iterate.
struct Outcome {
  std::int64_t passes = 0;                 ///< over the rows
  std::optional<Certificate> certificate;  ///< of the iterate; a start has none
};

/// Keeps the iterate, and what serves every solve: Gram matrices, the eigenbasis.
class Methods {
 public:
  /// Starts from 0. Collective.
  Methods(Objective objective, std::uint64_t seed, const Stages& stages);
  Methods(const Methods&) = delete;
  Methods& operator=(const Methods&) = delete;

  [[nodiscard]] const Objective& objective() const { return objective_; }
  [[nodiscard]] ColumnTable& columns() { return objective_.columns; }
  [[nodiscard]] const ColumnTable& columns() const { return objective_.columns; }
  /// Where a solve begins and ends. Not while one is in double.
  [[nodiscard]] Iterate<float>& iterate() { return iterate_; }
  [[nodiscard]] const Iterate<float>& iterate() const { return iterate_; }
  [[nodiscard]] std::mt19937_64& random() { return descent_.random(); }
  [[nodiscard]] bool few_rows() const { return few_rows_; }
  [[nodiscard]] bool many_rows() const { return many_rows_; }
  [[nodiscard]] bool gram_pays() const { return svm::gram_pays(objective_, iterate_.alpha); }

  /// `rules.tolerance` is that of the solve: float is not asked for more than it can. Collective.
  Outcome run(Method method, StoppingRules rules, const Progress& progress);
  /// Takes the eigenbasis that `other` has found, or will find, of the same rows; each finds it for both.
  void share_basis(const Methods& other) { eigenbasis_ = other.eigenbasis_; }
  /// The weights of the answer, [dim + 1, width]: in double if float was not enough. Then the iterate is rounded.
  [[nodiscard]] Matrix<double> take_weights();

 private:
  Outcome sample_start(const StoppingRules& rules);
  Outcome descent(const StoppingRules& rules, const Progress& progress);
  Outcome gram_newton(const StoppingRules& rules, const Progress& progress);
  Outcome newton(const StoppingRules& rules, const Progress& progress);
  Outcome gram_newton_in_double(const StoppingRules& rules, const Progress& progress);
  Outcome newton_in_double(const StoppingRules& rules, const Progress& progress);
  [[nodiscard]] NewtonTools tools();
  [[nodiscard]] Iterate<double>& in_double();

  Objective objective_;
  Stages stages_;
  bool few_rows_, many_rows_;
  Iterate<float> iterate_;
  Descent descent_;
  std::shared_ptr<std::optional<Eigenbasis>> eigenbasis_ = std::make_shared<std::optional<Eigenbasis>>();
  std::optional<GramNewton<float>> gram_;
  std::optional<GramNewton<double>> gram_in_double_;
  std::optional<Iterate<double>> in_double_;  ///< in place of iterate_, from the first method in double on
  std::optional<Certificate> of_gram_;        ///< of in_double_, if the Gram matrix gave it
};

}  // namespace pool3::svm
