#include "weights/makers/keras.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "pool3/hdf5.hpp"
#include "weights/floats.hpp"
#include "weights/layer_rules.hpp"
#include "weights/refusals.hpp"

namespace pool3::weights {
namespace {

using Address = Hdf5File::Address;

constexpr int deepest_group = 4;
constexpr const char* rewrite_advice = "write it again with Keras's save_weights, uncompressed";

/// The number of a layer that Keras named: 0 for "conv2d", 7 for "conv2d_7". Nothing for another layer.
std::optional<std::uint32_t> layer_number(std::string_view name, std::string_view kind) {
  if (!name.starts_with(kind)) return std::nullopt;
  name.remove_prefix(kind.size());
  if (name.empty()) return 0;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  if (name.front() != '_' || name.size() == 1 || error != std::errc() || end != name.data() + name.size()) {
    return std::nullopt;
  }
  return number;
}

/// The datasets below a layer's group, by the last part of their names: "kernel", "beta", ...
void add_datasets(const Hdf5File& file, Address group, int depth, std::map<std::string, Address>& out) {
  for (const auto& [name, address] : file.links(group)) {
    const bool is_group = !file.links(address).empty();
    if (is_group && depth < deepest_group) add_datasets(file, address, depth + 1, out);
    if (!is_group) out[std::string(name.substr(0, name.find(':')))] = address;
  }
}

using Layers = std::map<std::uint32_t, std::map<std::string, Address>>;

/// The layers "KIND_N" of a group in the order of N, which is the order in which Keras made them. (layer_names has
/// another: by depth in the graph.)
Layers layers_of(const Hdf5File& file, Address group, std::string_view kind) {
  Layers layers;
  for (const auto& [name, address] : file.links(group)) {
    if (const auto number = layer_number(name, kind)) add_datasets(file, address, 0, layers[*number]);
  }
  // A whole model lists its layers without weights too, but a convolution without weights is none of this network.
  if (layers.size() != convolution_shapes().size()) {
    throw FormatError(fmt::format("{} layers '{}' instead of {}", layers.size(), kind, convolution_shapes().size()),
                      "not Keras's inception_v3?");
  }
  return layers;
}

std::optional<FloatType> float_type(const Hdf5Type& type) {
  if (type.kind != Hdf5Type::Kind::real || type.bytes == 8) return std::nullopt;
  return type.bytes == 2 ? FloatType::f16 : FloatType::f32;
}

/// Sizes as they are; one that no tensor has is none of this network.
Shape shape_of(const Hdf5Dataset& dataset) {
  Shape shape;
  for (const std::uint64_t size : dataset.dims) shape.push_back(static_cast<std::int64_t>(size));
  return shape;
}

/// Without a block of the user's in front.
bool is_hdf5(std::string_view bytes) { return bytes.starts_with("\x89HDF\r\n\x1a\n"); }

std::map<std::string, Tensor> read_tensors(std::string_view bytes) {
  const Hdf5File file(hdf5_bytes(bytes));
  const auto top = file.links(file.root());
  const auto model = top.find("model_weights");
  const Address group = model == top.end() ? file.root() : model->second;
  std::map<std::string, Address> datasets;
  for (const std::string_view kind : {"conv2d", "batch_normalization"}) {
    std::size_t number = 0;
    for (const auto& [ignored, parts] : layers_of(file, group, kind)) {
      const std::string prefix = fmt::format("{} layer {}, ", kind, ++number);
      for (const auto& [part, address] : parts) datasets[prefix + part] = address;
    }
  }
  const auto names = [](const ConvolutionShape&, std::size_t number) {
    const std::string norm = fmt::format("batch_normalization layer {}, ", number);
    return LayerNames{.kernel = fmt::format("conv2d layer {}, kernel", number),
                      .gamma = norm + "gamma",
                      .beta = norm + "beta",
                      .mean = norm + "moving_mean",
                      .variance = norm + "moving_variance"};
  };
  const auto read = [&](const std::string& name, const Shape& shape) -> std::optional<Tensor> {
    const auto found = datasets.find(name);
    if (found == datasets.end()) return std::nullopt;
    const Hdf5Dataset dataset = file.dataset(found->second);
    const auto type = float_type(dataset.type);
    if (shape_of(dataset) != shape || !type) refuse_shape(name);
    return Tensor{.shape = shape, .values = floats_of(bytes.substr(dataset.offset, dataset.bytes), *type)};
  };
  return read_layers(read, {.names = names, .order = KernelOrder::hwio, .needs_gamma = false, .epsilon = 1e-3});
}

Weights read(std::string_view bytes) {
  return {.traits = {.profile = InputProfile::keras}, .source = {}, .sha256 = {}, .tensors = read_keras_h5(bytes)};
}

}  // namespace

constinit const Maker keras_file = {.kind = "Keras's .h5", .name = "Keras", .knows = is_hdf5, .read = read};

std::map<std::string, Tensor> read_keras_h5(std::string_view bytes) {
  try {
    return read_tensors(bytes);
  } catch (const Hdf5Error& error) {
    if (error.kind() == Hdf5Error::Kind::broken) {
      throw FormatError(fmt::format("a broken HDF5 file: {}", error.what()));
    }
    throw FormatError(fmt::format("an HDF5 file with {}", error.what()), rewrite_advice);
  }
}

}  // namespace pool3::weights
