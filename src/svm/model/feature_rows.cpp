#include "svm/model/feature_rows.hpp"

#include "pool3/numbers.hpp"
#include "pool3/numbers/target_clones.hpp"

namespace pool3::svm {
namespace {

POOL3_TARGET_CLONES void convert(const std::uint16_t* halves, const float* mean, float factor, std::int64_t dim,
                                 float* out) {
  for (std::int64_t j = 0; j < dim; ++j) out[j] = (float_of_half(halves[j]) - mean[j]) * factor;
}

}  // namespace

FeatureRows::FeatureRows(const Problem& problem) : problem_(problem), mean_(PerColumn<float>::Zero(problem.dim)) {
  if (problem.halves.empty()) return;
  const Standardisation& s = problem.of_halves;
  if (!s.mean.empty()) mean_ = Eigen::Map<const Sums>(s.mean.data(), problem.dim).cast<float>();
  factor_ = static_cast<float>(1 / s.scale);
}

RowsView<float> FeatureRows::operator()(RowRange rows) {
  const std::int64_t dim = problem_.dim;
  if (!problem_.lent.empty()) return {problem_.lent.data() + rows.begin * dim, rows.size(), dim};
  if (problem_.halves.empty()) return {problem_.x.data() + rows.begin * dim, rows.size(), dim};
  if (copy_.rows() < rows.size()) copy_.resize(rows.size(), dim);
  for (std::int64_t i = 0; i < rows.size(); ++i)
    convert(problem_.halves.data() + (rows.begin + i) * dim, mean_.data(), factor_, dim, copy_.row(i).data());
  return {copy_.data(), rows.size(), dim};
}

}  // namespace pool3::svm
