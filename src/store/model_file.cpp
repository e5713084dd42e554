#include <fmt/format.h>

#include <type_traits>

#include "pool3/files.hpp"
#include "pool3/store/model.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/half.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/hdf5/strings.hpp"
#include "store/hdf5/structure.hpp"
#include "store/hdf5/types.hpp"
#include "store/integrity/seal.hpp"
#include "store/model_checks.hpp"
#include "store/model_fields.hpp"
#include "store/provenance.hpp"

namespace pool3 {
namespace {

using store::Attributes;
using store::Dataset;

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
  store::each_scalar(model, [&](const std::string& name, const auto& value) {
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
  store::each_scalar(model, [&](const std::string& name, auto& value) {
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

void write_split(const store::File& file, const SplitTable& table) {
  store::each_split(table, [&](const std::string& name, const auto& values, const Hdf5Type& type) {
    if (values.empty()) return;
    const Dataset written = file.create_dataset(name, type, {values.size()});
    written.write_bytes({0, written.rows()}, std::as_bytes(std::span(values)));
  });
}

void write_datasets(const store::File& file, const Model& model) {
  const store::CellShape names = store::shape_of(model.classes);
  const std::string cells = pack(model.classes, names);
  const Dataset classes = file.create_dataset("classes", names.type(), {model.classes.size()});
  classes.write({0, classes.rows()}, std::span<const char>(cells));
  store::each_array(model, [&](const std::string& name, const std::vector<double>& values, store::ArrayShape shape) {
    store::Dims dims = {values.size()};
    if (shape != store::ArrayShape::of_columns) {
      const std::size_t rows = store::rows_of(model, shape);
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
  store::each_array(model, [&](const std::string& name, std::vector<double>& values, store::ArrayShape shape) {
    const Dataset table = file.dataset(name);
    store::Dims dims = {static_cast<std::uint64_t>(table.rows())};
    if (shape != store::ArrayShape::of_columns)
      dims = {store::rows_of(model, shape), static_cast<std::uint64_t>(table.columns())};
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
  store::check_sizes(model, place);
  store::check_split(model.split_table, place);
  store::check_numbers(model, place, "check the features that it was trained on");
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
  store::check_sizes(model, place);
  store::check_numbers(model, place, store::damaged_advice);
  return model;
}

SplitTable read_split_table(const std::string& path) {
  const Place place{"read model", path};
  store::check_seal(place, store::model_format, store::model_version);
  const store::Structure file(place);
  SplitTable found;
  store::each_split(found, [&](const std::string& name, auto& values, const Hdf5Type& type) {
    if (!file.find(name)) return;
    const Dataset table = file.dataset(name);
    table.expect(type, {static_cast<std::uint64_t>(table.rows())});
    values.resize(static_cast<std::size_t>(table.rows()));
    table.read_bytes({0, table.rows()}, std::as_writable_bytes(std::span(values)));
  });
  store::check_split(found, place);
  return found;
}

}  // namespace pool3
