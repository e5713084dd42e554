#pragma once
// What a model file has, by name. Private to the room.

#include <cstdint>

#include "pool3/store/model.hpp"
#include "store/hdf5/types.hpp"

namespace pool3::store {

/// Calls `visit(name, member)` for every scalar of a model.
template <typename AnyModel, typename Visitor>
void each_scalar(AnyModel& model, Visitor&& visit) {
  visit("loss", model.loss);
  visit("class_weight", model.class_weight);
  visit("C", model.C);
  visit("bias", model.bias);
  visit("tolerance", model.tolerance);
  visit("centering", model.centering);
  visit("center_scale", model.center_scale);
  visit("seed", model.seed);
  visit("test_fraction", model.test_fraction);
  visit("training_rows", model.training_rows);
  visit("objective", model.objective);
  visit("relative_gap", model.relative_gap);
  visit("epochs", model.epochs);
  visit("config", model.config);
}

/// of_columns: one for each. Else so many rows of any width above 0.
enum class ArrayShape : std::uint8_t { of_columns, of_classes_and_more, of_classes_but_one_and_more };

/// Calls `visit(name, vector, shape)` for every array of doubles.
template <typename AnyModel, typename Visitor>
void each_array(AnyModel& model, Visitor&& visit) {
  const bool pairs = model.multiclass == Multiclass::one_vs_one;
  if (model.kernel == Kernel::linear) visit("coef", model.coef, ArrayShape::of_classes_and_more);
  visit("column_gaps", model.column_gaps, ArrayShape::of_columns);
  if (model.kernel != Kernel::linear)
    visit("dual_coef", model.support.dual_coef,
          pairs ? ArrayShape::of_classes_but_one_and_more : ArrayShape::of_classes_and_more);
  visit("intercept", model.intercept, ArrayShape::of_columns);
  visit("sigmoid_a", model.sigmoid_a, ArrayShape::of_columns);
  visit("sigmoid_b", model.sigmoid_b, ArrayShape::of_columns);
}

/// How many rows an array has.
[[nodiscard]] inline std::size_t rows_of(const Model& model, ArrayShape shape) {
  if (shape == ArrayShape::of_columns) return static_cast<std::size_t>(model.columns());
  return model.classes.size() - (shape == ArrayShape::of_classes_but_one_and_more ? 1 : 0);
}

/// Calls `visit(name, vector, type)` for every table by row of the training file.
template <typename AnyTable, typename Visitor>
void each_split(AnyTable& table, Visitor&& visit) {
  visit("split", table.sides, store::side_type());
  visit("folds", table.folds, store::int16_type());
  visit("search_folds", table.search_folds, store::int16_type());
}

}  // namespace pool3::store
