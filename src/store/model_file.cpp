#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "pool3/files.hpp"
#include "pool3/store/model.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/half.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/hdf5/strings.hpp"
#include "store/hdf5/structure.hpp"
#include "store/hdf5/types.hpp"
#include "store/integrity/seal.hpp"
#include "store/provenance.hpp"

namespace pool3 {
namespace {

using store::Attributes;
using store::Dataset;

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
enum class Shape : std::uint8_t { of_columns, of_classes_and_more, of_classes_but_one_and_more };

/// Calls `visit(name, vector, shape)` for every array of doubles.
template <typename AnyModel, typename Visitor>
void each_array(AnyModel& model, Visitor&& visit) {
  const bool pairs = model.multiclass == Multiclass::one_vs_one;
  if (model.kernel == Kernel::linear) visit("coef", model.coef, Shape::of_classes_and_more);
  visit("column_gaps", model.column_gaps, Shape::of_columns);
  if (model.kernel != Kernel::linear)
    visit("dual_coef", model.support.dual_coef,
          pairs ? Shape::of_classes_but_one_and_more : Shape::of_classes_and_more);
  visit("intercept", model.intercept, Shape::of_columns);
  visit("sigmoid_a", model.sigmoid_a, Shape::of_columns);
  visit("sigmoid_b", model.sigmoid_b, Shape::of_columns);
}

/// How many rows an array has.
std::size_t rows_of(const Model& model, Shape shape) {
  if (shape == Shape::of_columns) return static_cast<std::size_t>(model.columns());
  return model.classes.size() - (shape == Shape::of_classes_but_one_and_more ? 1 : 0);
}

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

void check_sizes(const Model& model, const Place& place) {
  const std::size_t k = model.classes.size();
  if (k == 0) throw error_at(place, "the model has no classes");
  if (model.multiclass == Multiclass::one_vs_one && (k < 2 || model.kernel == Kernel::linear))
    throw error_at(place, "one-vs-one needs two classes and the RBF kernel");
  each_array(model, [&](const std::string& name, const std::vector<double>& values, Shape shape) {
    const std::size_t rows = rows_of(model, shape);
    const bool may_be_empty = name.starts_with("sigmoid");
    const bool fits = shape == Shape::of_columns ? values.size() == rows : !values.empty() && values.size() % rows == 0;
    if (fits || (may_be_empty && values.empty())) return;
    throw error_at(place, fmt::format("{} has {} values for {} classes", name, values.size(), k));
  });
  if (model.sigmoid_a.size() != model.sigmoid_b.size()) throw error_at(place, "sigmoid_a and sigmoid_b differ in size");
  if (!(model.temperature >= 0) || !std::isfinite(model.temperature))
    throw error_at(place, "the temperature is not 0 or a positive number");
  if (model.kernel != Kernel::linear) check_support(model, place);
  check_coverage(model, place);
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

/// Throws for a NaN, an infinity, or a number that no training gives.
void check_numbers(const Model& model, const Place& place, const char* advice) {
  const auto check = [&](const std::string& name, const auto& values) {
    if (std::ranges::all_of(values, [](auto v) { return std::isfinite(v); })) return;
    throw error_at(place, name + " holds a value that is not a finite number", advice);
  };
  each_array(model, [&](const std::string& name, const std::vector<double>& values, Shape) { check(name, values); });
  check("support_vectors", model.support.x);
  check("held_out_truth", model.held_out_truth);
  each_scalar(model, [&](const std::string& name, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, double>) check_number(place, name, value, advice);
  });
  if (model.training_rows < 0 || model.epochs < 0) throw error_at(place, "a count is negative", advice);
}

std::int64_t version_of(const Model& model) {
  return model.kernel == Kernel::linear ? store::linear_model_version : store::model_version;
}

constexpr const char* rbf_name = "rbf";
constexpr const char* pairs_name = "one-vs-one";
constexpr const char* rest_name = "one-vs-rest";

Attributes describe(const Model& model) {
  Attributes attributes;
  attributes["format"] = std::string(store::model_format);
  attributes["format_version"] = version_of(model);
  if (model.kernel != Kernel::linear) {
    attributes["kernel"] = std::string(rbf_name);
    attributes["gamma"] = model.support.gamma;
    attributes["multiclass"] = std::string(model.multiclass == Multiclass::one_vs_one ? pairs_name : rest_name);
  }
  store::put_provenance(attributes, "features_", model.features);
  attributes["split"] = model.split;
  attributes["grouped"] = std::int64_t{model.grouped};
  attributes["temperature"] = model.temperature;
  if (model.calibration_rows > 0) attributes["calibration_rows"] = model.calibration_rows;
  each_scalar(model, [&](const std::string& name, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, bool>) {
      attributes[name] = std::int64_t{value};
    } else {
      attributes[name] = value;
    }
  });
  return attributes;
}

/// Linear models, those of version 1, say nothing of this.
void take_kernel(Model& model, const Attributes& attributes, const Place& place) {
  if (!attributes.contains("kernel")) return;
  const auto kernel = store::attribute<std::string>(attributes, "kernel", place);
  const auto multiclass = store::attribute<std::string>(attributes, "multiclass", place);
  if (kernel != rbf_name || (multiclass != pairs_name && multiclass != rest_name))
    throw error_at(place, fmt::format("the kernel {}, {} is not known", kernel, multiclass), "use a newer pool3");
  model.kernel = Kernel::rbf;
  model.multiclass = multiclass == pairs_name ? Multiclass::one_vs_one : Multiclass::one_vs_rest;
  model.support.gamma = store::attribute<double>(attributes, "gamma", place);
}

void take_scalars(Model& model, const Attributes& attributes, const Place& place) {
  if (attributes.contains("split")) model.split = store::attribute<std::string>(attributes, "split", place);
  if (attributes.contains("grouped")) model.grouped = store::attribute<std::int64_t>(attributes, "grouped", place) != 0;
  if (attributes.contains("calibration_rows"))
    model.calibration_rows = store::attribute<std::int64_t>(attributes, "calibration_rows", place);
  if (attributes.contains("temperature"))
    model.temperature = store::attribute<double>(attributes, "temperature", place);
  each_scalar(model, [&](const std::string& name, auto& value) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, bool>) {
      value = store::attribute<std::int64_t>(attributes, name, place) != 0;
    } else {
      value = store::attribute<Value>(attributes, name, place);
    }
  });
  model.config = store::take_config(attributes, "config", place);
}

void write_support(const store::File& file, const Model& model) {
  const SupportVectors& s = model.support;
  const Dataset labels = file.create_dataset("support_labels", store::int32_type(), {s.labels.size()});
  labels.write({0, labels.rows()}, std::span<const std::int32_t>(s.labels));
  const Dataset x = file.create_dataset("support_vectors", s.as_halves ? store::float16_type() : store::float32_type(),
                                        {s.labels.size(), static_cast<std::uint64_t>(model.width())});
  if (s.as_halves) {
    x.write_bytes({0, x.rows()}, store::to_half(s.x));
  } else {
    x.write({0, x.rows()}, std::span<const float>(s.x));
  }
}

/// Calls `visit(name, vector, type)` for every table by row of the training file.
template <typename AnyTable, typename Visitor>
void each_split(AnyTable& table, Visitor&& visit) {
  visit("split", table.sides, store::side_type());
  visit("folds", table.folds, store::int16_type());
  visit("search_folds", table.search_folds, store::int16_type());
}

void write_split(const store::File& file, const SplitTable& table) {
  each_split(table, [&](const std::string& name, const auto& values, const Hdf5Type& type) {
    if (values.empty()) return;
    const Dataset written = file.create_dataset(name, type, {values.size()});
    written.write_bytes({0, written.rows()}, std::as_bytes(std::span(values)));
  });
}

void check_split(const SplitTable& table, const Place& place) {
  const auto fits = [&](const std::vector<std::int16_t>& folds) {
    return (folds.empty() || folds.size() == table.sides.size()) &&
           std::ranges::all_of(folds, [](std::int16_t fold) { return fold >= -1; });
  };
  const bool known = std::ranges::all_of(table.sides, [](RowSide side) { return side <= RowSide::left_out; });
  if (known && fits(table.folds) && fits(table.search_folds)) return;
  throw error_at(place, "the tables of its split do not fit each other", store::damaged_advice);
}

void write_datasets(const store::File& file, const Model& model) {
  const store::CellShape names = store::shape_of(model.classes);
  const std::string cells = pack(model.classes, names);
  const Dataset classes = file.create_dataset("classes", names.type(), {model.classes.size()});
  classes.write({0, classes.rows()}, std::span<const char>(cells));
  each_array(model, [&](const std::string& name, const std::vector<double>& values, Shape shape) {
    store::Dims dims = {values.size()};
    if (shape != Shape::of_columns) {
      const std::size_t rows = rows_of(model, shape);
      dims = {rows, values.size() / rows};
    }
    const Dataset table = file.create_dataset(name, store::float64_type(), dims);
    table.write({0, table.rows()}, std::span<const double>(values));
  });
  if (model.kernel != Kernel::linear) write_support(file, model);
  write_split(file, model.split_table);
  if (model.calibration_rows == 0) return;
  const Dataset truth = file.create_dataset("held_out_truth", store::float64_type(), {model.held_out_truth.size()});
  truth.write({0, truth.rows()}, std::span<const double>(model.held_out_truth));
}

void write_file(const Model& model, const Place& place) {
  store::File file = store::File::create(place);
  write_datasets(file, model);
  write_attributes(file, describe(model));
  file.close();
  store::begin_seal(place, store::model_format, version_of(model));
  store::complete_seal(place, {});
}

void read_arrays(Model& model, const store::Structure& file) {
  each_array(model, [&](const std::string& name, std::vector<double>& values, Shape shape) {
    const Dataset table = file.dataset(name);
    store::Dims dims = {static_cast<std::uint64_t>(table.rows())};
    if (shape != Shape::of_columns) dims = {rows_of(model, shape), static_cast<std::uint64_t>(table.columns())};
    table.expect(store::float64_type(), dims);
    values.resize(static_cast<std::size_t>(table.bytes()) / sizeof(double));
    table.read({0, table.rows()}, std::span(values));
  });
}

void read_support(SupportVectors& s, const store::Structure& file) {
  const Dataset labels = file.dataset("support_labels"), x = file.dataset("support_vectors");
  labels.expect(store::int32_type(), {static_cast<std::uint64_t>(labels.rows())});
  s.labels.resize(static_cast<std::size_t>(labels.rows()));
  labels.read({0, labels.rows()}, std::span(s.labels));
  s.as_halves = x.row_bytes() == 2 * x.columns();
  x.expect(s.as_halves ? store::float16_type() : store::float32_type(),
           {static_cast<std::uint64_t>(labels.rows()), static_cast<std::uint64_t>(x.columns())});
  s.x.resize(static_cast<std::size_t>(x.rows() * x.columns()));
  if (!s.as_halves) return x.read({0, x.rows()}, std::span(s.x));
  std::vector<std::byte> halves(static_cast<std::size_t>(x.bytes()));
  x.read_bytes({0, x.rows()}, halves);
  store::from_half(halves, s.x);
}

/// Older models have none.
void read_coverage(Model& model, const store::Structure& file) {
  if (model.calibration_rows == 0) return;
  const Dataset table = file.dataset("held_out_truth");
  table.expect(store::float64_type(), {static_cast<std::uint64_t>(table.rows())});
  model.held_out_truth.resize(static_cast<std::size_t>(table.rows()));
  table.read({0, table.rows()}, std::span(model.held_out_truth));
}

std::vector<std::string> read_classes(const store::Structure& file) {
  const Dataset table = file.dataset("classes");
  table.expect_strings(table.rows());
  return store::read_strings(table, {0, table.rows()});
}

}  // namespace

std::string input_difference(const FeatureReader& reader, const Model& model) {
  std::string found = kind_difference(reader.provenance(), model.features);
  return found.empty() ? width_difference(reader.width(), model.width()) : found;
}

std::string features_difference(const FeatureReader& reader, const Model& model) {
  std::string found = input_difference(reader, model);
  if (found.empty() && reader.classes() != model.classes) found = "the classes differ";
  return found;
}

void write_model(const Model& model, const std::string& path) {
  const Place place{"write model", path};
  check_sizes(model, place);
  check_split(model.split_table, place);
  check_numbers(model, place, "check the features that it was trained on");
  check_output(place);
  make_whole_file(place, [&](const Place& temporary) { write_file(model, temporary); });
}

Model read_model(const std::string& path) {
  const Place place{"read model", path};
  store::check_seal(place, store::model_format, store::model_version);
  const store::Structure file(place);
  const Attributes attributes = file.attributes();
  Model model;
  model.classes = read_classes(file);
  if (model.classes.empty()) throw error_at(place, "the model has no classes");
  take_kernel(model, attributes, place);
  read_arrays(model, file);
  if (model.kernel != Kernel::linear) read_support(model.support, file);
  take_scalars(model, attributes, place);
  read_coverage(model, file);
  model.features = store::take_provenance(attributes, "features_", place);
  check_sizes(model, place);
  check_numbers(model, place, store::damaged_advice);
  return model;
}

SplitTable read_split_table(const std::string& path) {
  const Place place{"read model", path};
  store::check_seal(place, store::model_format, store::model_version);
  const store::Structure file(place);
  SplitTable found;
  each_split(found, [&](const std::string& name, auto& values, const Hdf5Type& type) {
    if (!file.find(name)) return;
    const Dataset table = file.dataset(name);
    table.expect(type, {static_cast<std::uint64_t>(table.rows())});
    values.resize(static_cast<std::size_t>(table.rows()));
    table.read_bytes({0, table.rows()}, std::as_writable_bytes(std::span(values)));
  });
  check_split(found, place);
  return found;
}

}  // namespace pool3
