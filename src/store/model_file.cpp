#include <fmt/format.h>

#include <array>
#include <type_traits>
#include <utility>

#include "pool3/files.hpp"
#include "pool3/model.hpp"
#include "store/hdf5/strings.hpp"
#include "store/integrity/seal.hpp"
#include "store/layout.hpp"
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

enum class Shape : std::uint8_t { of_classes, of_classes_and_features };

/// Calls `visit(name, vector, shape)` for every array.
template <typename AnyModel, typename Visitor>
void each_array(AnyModel& model, Visitor&& visit) {
  visit("coef", model.coef, Shape::of_classes_and_features);
  visit("column_gaps", model.column_gaps, Shape::of_classes);
  visit("intercept", model.intercept, Shape::of_classes);
  visit("sigmoid_a", model.sigmoid_a, Shape::of_classes);
  visit("sigmoid_b", model.sigmoid_b, Shape::of_classes);
}

void check_sizes(const Model& model, const Place& place) {
  const std::size_t k = model.classes.size();
  if (k == 0) throw error_at(place, "the model has no classes");
  each_array(model, [&](const std::string& name, const std::vector<double>& values, Shape shape) {
    const bool may_be_empty = name.starts_with("sigmoid");
    const bool fits = shape == Shape::of_classes ? values.size() == k : !values.empty() && values.size() % k == 0;
    if (fits || (may_be_empty && values.empty())) return;
    throw error_at(place, fmt::format("{} has {} values for {} classes", name, values.size(), k));
  });
  if (model.sigmoid_a.size() != model.sigmoid_b.size()) throw error_at(place, "sigmoid_a and sigmoid_b differ in size");
}

Attributes describe(const Model& model) {
  Attributes attributes;
  attributes["format"] = std::string(store::model_format);
  attributes["format_version"] = store::model_version;
  store::put_provenance(attributes, "features_", model.features);
  attributes["split"] = model.split;
  each_scalar(model, [&](const std::string& name, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, bool>) {
      attributes[name] = std::int64_t{value};
    } else {
      attributes[name] = value;
    }
  });
  return attributes;
}

void take_scalars(Model& model, const Attributes& attributes, const Place& place) {
  if (attributes.contains("split")) model.split = store::attribute<std::string>(attributes, "split", place);
  each_scalar(model, [&](const std::string& name, auto& value) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, bool>) {
      value = store::attribute<std::int64_t>(attributes, name, place) != 0;
    } else {
      value = store::attribute<Value>(attributes, name, place);
    }
  });
}

void write_datasets(const store::File& file, const Model& model) {
  const store::CellShape names = store::shape_of(model.classes);
  const std::string cells = pack(model.classes, names);
  const Dataset classes = file.create_dataset("classes", names.type(), {model.classes.size()});
  classes.write({0, classes.rows()}, std::span<const char>(cells));
  each_array(model, [&](const std::string& name, const std::vector<double>& values, Shape shape) {
    std::vector<hsize_t> dims = {values.size()};
    if (shape == Shape::of_classes_and_features) dims = {model.classes.size(), static_cast<hsize_t>(model.width())};
    const Dataset table = file.create_dataset(name, store::copy_type(H5T_IEEE_F64LE), dims);
    table.write({0, table.rows()}, std::span<const double>(values));
  });
}

void write_file(const Model& model, const Place& place) {
  store::File file = store::File::create(place);
  write_datasets(file, model);
  write_attributes(file, describe(model));
  file.close();
  store::begin_seal(place, store::model_format, store::model_version);
  store::complete_seal(place, {});
}

void read_arrays(Model& model, const store::File& file) {
  each_array(model, [&](const std::string& name, std::vector<double>& values, Shape shape) {
    const Dataset table = file.dataset(name);
    std::vector<hsize_t> dims = {static_cast<hsize_t>(table.rows())};
    if (shape == Shape::of_classes_and_features) dims = {model.classes.size(), static_cast<hsize_t>(table.columns())};
    table.expect(store::copy_type(H5T_IEEE_F64LE), dims);
    values.resize(static_cast<std::size_t>(table.bytes()) / sizeof(double));
    table.read({0, table.rows()}, std::span(values));
  });
}

std::vector<std::string> read_classes(const store::File& file) {
  const Dataset table = file.dataset("classes");
  table.expect_strings(table.rows());
  return store::read_strings(table, {0, table.rows()});
}

}  // namespace

std::string features_difference(const FeatureReader& reader, const Model& model) {
  std::string found = kind_difference(reader.provenance(), model.features);
  if (found.empty()) found = width_difference(reader.width(), model.width());
  if (found.empty() && reader.classes() != model.classes) found = "the classes differ";
  return found;
}

void write_model(const Model& model, const std::string& path) {
  const Place place{"write model", path};
  check_sizes(model, place);
  check_output(place);
  make_whole_file(place, [&](const Place& temporary) { write_file(model, temporary); });
}

Model read_model(const std::string& path) {
  const Place place{"read model", path};
  store::check_seal(place, store::model_format, store::model_version);
  const store::File file = store::File::open(place, store::Mode::read);
  const Attributes attributes = read_attributes(file);
  Model model;
  model.classes = read_classes(file);
  read_arrays(model, file);
  take_scalars(model, attributes, place);
  model.features = store::take_provenance(attributes, "features_", place);
  check_sizes(model, place);
  return model;
}

}  // namespace pool3
