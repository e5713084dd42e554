#include "training/support_vectors.hpp"

#include <algorithm>
#include <cmath>

#include "pool3/error.hpp"
#include "pool3/numbers.hpp"
#include "pool3/prediction.hpp"
#include "pool3/types.hpp"

namespace pool3::training {
namespace {

constexpr double most_change = 1e-3;
/// Rows that float16 is tried on.
constexpr std::int64_t tried_rows = 512;

/// Rows of the shared ones that any column has a dual variable for.
std::vector<std::int64_t> support_rows(const SharedRows& rows, std::span<const double> duals) {
  std::vector<std::int64_t> found;
  const std::int64_t n = rows.rows(), slots = std::ssize(duals) / n;
  for (std::int64_t i = 0; i < n; ++i) {
    bool any = false;
    for (std::int64_t s = 0; s < slots; ++s) any = any || duals[index(s * n + i)] != 0;
    if (any) found.push_back(i);
  }
  if (found.empty()) found.push_back(0);  // a file needs one
  return found;
}

/// Raw features of rows of the file, in any order.
std::vector<float> read_rows(const FeatureReader& reader, const std::vector<Row>& wanted) {
  const std::size_t width = index(reader.width());
  std::vector<float> out(wanted.size() * width), block;
  std::vector<std::size_t> order(wanted.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return wanted[i]; });
  std::int64_t there = -1;
  for (const std::size_t i : order) {
    const std::int64_t b = reader.block_of(wanted[i]);
    if (b != there) {
      block.resize(index(reader.block(b).size()) * width);
      reader.read_blocks(b, b + 1, block);
      there = b;
    }
    const auto from = block.begin() + (wanted[i] - reader.block(b).begin) * reader.width();
    std::copy_n(from, width, out.begin() + static_cast<std::ptrdiff_t>(i * width));
  }
  return out;
}

/// The most that any decision value of some of the exact rows changes, when the support vectors are `rounded`.
double change(Model& model, std::vector<float> rounded) {
  SupportVectors& s = model.support;
  const std::int64_t count = std::ssize(s.labels), step = std::max<std::int64_t>(1, count / tried_rows);
  std::vector<float> some;
  for (std::int64_t i = 0; i < count; i += step)
    some.insert(some.end(), s.x.begin() + i * model.width(), s.x.begin() + (i + 1) * model.width());
  const auto before = Scorer(model).decision_values(some);
  std::swap(s.x, rounded);
  const auto after = Scorer(model).decision_values(some);
  std::swap(s.x, rounded);
  double most = 0;
  for (std::size_t i = 0; i < before.size(); ++i) most = std::max(most, std::abs(before[i] - after[i]));
  return most;
}

/// Rounds the support vectors to float16, unless that changes too much.
void try_halves(Model& model) {
  SupportVectors& s = model.support;
  std::vector<float> rounded = s.x;
  for (float& v : rounded) v = float_of_half(half_of_float(v));
  const bool fits = std::ranges::all_of(rounded, [](float v) { return std::isfinite(v); });
  s.as_halves = fits && (rounded == s.x || change(model, rounded) <= most_change);
  if (s.as_halves) s.x = std::move(rounded);
}

/// `gamma` is in standardised features, that of a model in raw ones.
void take_gamma(Model& model, const TrainingSet& set, double gamma) {
  const double scale = set.standardisation.scale;
  model.support.gamma = gamma / (scale * scale);
}

}  // namespace

void add_support_vectors(Model& model, const FeatureReader& reader, const TrainingSet& set,
                         const KernelSolver& solver) {
  const SharedRows& rows = *set.shared;
  const std::span<const double> duals = solver.duals();
  const auto chosen = support_rows(rows, duals);
  SupportVectors& s = model.support;
  std::vector<Row> of_file;
  for (const std::int64_t i : chosen) {
    s.labels.push_back(rows.labels()[index(i)]);
    of_file.push_back(rows.origin()[index(i)]);
  }
  s.x = read_rows(reader, of_file);
  const std::int64_t n = rows.rows(), slots = std::ssize(duals) / n;
  for (std::int64_t slot = 0; slot < slots; ++slot)
    for (const std::int64_t i : chosen) s.dual_coef.push_back(duals[index(slot * n + i)]);
  take_gamma(model, set, solver.options().gamma);
  try_halves(model);
}

void add_landmarks(Model& model, const FeatureReader& reader, const TrainingSet& set, const Fit& fit) {
  model.support.labels = set.landmarks.labels;
  model.support.x = read_rows(reader, set.landmarks.origin);
  model.support.dual_coef = set.map->coefficients(fit);
  take_gamma(model, set, set.map->gamma());
  try_halves(model);
}

}  // namespace pool3::training
