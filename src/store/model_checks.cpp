#include "store/model_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "store/format_names.hpp"
#include "store/model_fields.hpp"

namespace pool3::store {
namespace {

void check_support(const Model& model, const Place& place) {
  const SupportVectors& s = model.support;
  const std::size_t count = s.labels.size(), k = model.classes.size();
  const std::size_t rows = model.multiclass == Multiclass::one_vs_one ? k - 1 : k;
  if (count == 0 || s.x.size() % count != 0 || s.x.empty() || s.dual_coef.size() != rows * count)
    throw error_at(place, "the support vectors do not fit each other");
  if (!std::ranges::is_sorted(s.labels) || s.labels.front() < 0 || static_cast<std::size_t>(s.labels.back()) >= k)
    throw error_at(place, "the labels of the support vectors are not in order");
  if (!(s.gamma > 0) || !std::isfinite(s.gamma)) throw error_at(place, "gamma is not above 0");
}

void check_coverage(const Model& model, const Place& place) {
  const auto& truth = model.held_out_truth;
  const bool sound = std::ranges::is_sorted(truth) && (truth.empty() || (truth.front() >= 0 && truth.back() <= 1)) &&
                     std::ssize(truth) <= model.calibration_rows && truth.empty() == (model.calibration_rows == 0);
  if (!sound) throw error_at(place, "the probabilities of held-out rows are not in order");
}

/// Where numbers are not free.
struct Limits {
  const char* name;
  double least, most;
};
constexpr double any = std::numeric_limits<double>::max();
constexpr std::array<Limits, 6> limits = {{
    {"C", std::numeric_limits<double>::min(), any},
    {"bias", 0, any},
    {"tolerance", 0, any},
    {"center_scale", 0, any},
    {"test_fraction", 0, 1},
    {"objective", 0, any},
}};

void check_number(const Place& place, const std::string& name, double value, const char* advice) {
  const auto* const limit = std::ranges::find_if(limits, [&](const Limits& l) { return name == l.name; });
  const bool fits = limit == limits.end() || (value >= limit->least && value <= limit->most);
  if (!std::isfinite(value) || !fits) throw error_at(place, fmt::format("{} is {}", name, value), advice);
}

}  // namespace

void check_sizes(const Model& model, const Place& place) {
  const std::size_t k = model.classes.size();
  if (k == 0) throw error_at(place, "the model has no classes");
  if (model.multiclass == Multiclass::one_vs_one && (k < 2 || model.kernel == Kernel::linear))
    throw error_at(place, "one-vs-one needs two classes and the RBF kernel");
  each_array(model, [&](const std::string& name, const std::vector<double>& values, ArrayShape shape) {
    const std::size_t rows = rows_of(model, shape);
    const bool may_be_empty = name.starts_with("sigmoid");
    const bool fits =
        shape == ArrayShape::of_columns ? values.size() == rows : !values.empty() && values.size() % rows == 0;
    if (fits || (may_be_empty && values.empty())) return;
    throw error_at(place, fmt::format("{} has {} values for {} classes", name, values.size(), k));
  });
  if (model.sigmoid_a.size() != model.sigmoid_b.size()) throw error_at(place, "sigmoid_a and sigmoid_b differ in size");
  if (!(model.temperature >= 0) || !std::isfinite(model.temperature))
    throw error_at(place, "the temperature is not 0 or a positive number");
  if (model.kernel != Kernel::linear) check_support(model, place);
  check_coverage(model, place);
}

void check_numbers(const Model& model, const Place& place, const char* advice) {
  const auto check = [&](const std::string& name, const auto& values) {
    if (std::ranges::all_of(values, [](auto v) { return std::isfinite(v); })) return;
    throw error_at(place, name + " holds a value that is not a finite number", advice);
  };
  each_array(model,
             [&](const std::string& name, const std::vector<double>& values, ArrayShape) { check(name, values); });
  check("support_vectors", model.support.x);
  check("held_out_truth", model.held_out_truth);
  each_scalar(model, [&](const std::string& name, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, double>) check_number(place, name, value, advice);
  });
  if (model.training_rows < 0 || model.epochs < 0) throw error_at(place, "a count is negative", advice);
}

void check_split(const SplitTable& table, const Place& place) {
  const auto fits = [&](const std::vector<std::int16_t>& folds) {
    return (folds.empty() || folds.size() == table.sides.size()) &&
           std::ranges::all_of(folds, [](std::int16_t fold) { return fold >= -1; });
  };
  const bool known = std::ranges::all_of(table.sides, [](RowSide side) { return side <= RowSide::left_out; });
  if (known && fits(table.folds) && fits(table.search_folds)) return;
  throw error_at(place, "the tables of its split do not fit each other", damaged_advice);
}

}  // namespace pool3::store
