#include "weights/makers/tfjs.hpp"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "pool3/numbers.hpp"
#include "weights/containers/json.hpp"
#include "weights/floats.hpp"
#include "weights/layer_rules.hpp"
#include "weights/read_file.hpp"
#include "weights/refusals.hpp"
#include "weights/sha256.hpp"

namespace pool3::weights {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::int64_t largest_package_bytes = 1 << 20;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// Path of the folder's model.json. Throws Error.
std::string model_path(const std::string& folder) {
  const fs::path path = fs::path(folder) / "model.json";
  if (is_file(path)) return path.string();
  if (is_file(fs::path(folder) / "model.min.js"))
    throw weights_error(folder, "JavaScript modules of the package nsfwjs, no plain TensorFlow.js folder",
                        "run: scripts/fetch-weights nsfwjs");
  throw weights_error(folder, "no model.json in this folder",
                      "give a weights file or the folder of a TensorFlow.js layers model");
}

/// Bytes of the shard that the manifest calls `name`. Throws Error for a name that leads out of the folder.
std::string read_shard(const std::string& folder, const std::string& name) {
  if (name.empty() || name == "." || name == ".." ||
      name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos)
    throw weights_error(folder, "the manifest names a shard outside the folder");
  return read_file((fs::path(folder) / name).string());
}

/// "NAME VERSION" by a package.json in the folder, else the folder's name.
std::string source_of(const std::string& folder) {
  const fs::path absolute = fs::weakly_canonical(fs::path(folder) / ".");
  const fs::path package = absolute / "package.json";
  if (is_file(package)) {
    const json about = json::parse(read_file(package.string(), largest_package_bytes), nullptr, false);
    const auto has_text = [&](const char* key) { return about.contains(key) && about[key].is_string(); };
    if (about.is_object() && has_text("name") && has_text("version"))
      return fmt::format("{} {}", about["name"].get<std::string>(), about["version"].get<std::string>());
  }
  return absolute.filename().string();
}

/// How the manifest says that a tensor's values are stored.
struct Coding {
  std::string type;
  std::size_t element_bytes = 0;
  double scale = 1;
  double minimum = 0;
};

Coding coding_of(const json& entry) {
  Coding coding = {.type = entry.at("dtype").get<std::string>()};
  if (entry.contains("quantization")) {
    const json& quantization = entry["quantization"];
    coding.type = quantization.at("dtype").get<std::string>();
    if (coding.type != "float16") {
      coding.scale = quantization.at("scale").get<double>();
      coding.minimum = quantization.at("min").get<double>();
    }
  }
  static const std::map<std::string, std::size_t> sizes = {{"float32", 4}, {"float16", 2}, {"int32", 4},
                                                           {"uint16", 2},  {"uint8", 1},   {"bool", 1}};
  const auto found = sizes.find(coding.type);
  if (found != sizes.end()) coding.element_bytes = found->second;
  return coding;
}

template <typename Stored, typename Convert>
std::vector<float> converted(std::string_view bytes, Convert convert) {
  std::vector<float> out(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored stored = {};
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = convert(stored);
  }
  return out;
}

std::vector<float> decode_values(const Coding& coding, std::string_view bytes) {
  const auto dequantise = [&](auto q) { return static_cast<float>(q * coding.scale + coding.minimum); };
  if (coding.type == "uint8") return converted<std::uint8_t>(bytes, dequantise);
  if (coding.type == "uint16") return converted<std::uint16_t>(bytes, dequantise);
  if (coding.type == "float16")
    return converted<std::uint16_t>(bytes, [](std::uint16_t v) { return float_of_half(v); });
  if (coding.type == "float32") return converted<float>(bytes, [](float v) { return v; });
  return {};  // whole numbers: no layer of the network has them
}

/// The shards of a model. Each belongs to one place of one group.
class ShardReader {
 public:
  explicit ShardReader(std::string folder) : folder_(std::move(folder)) {}

  /// Bytes of all shards of a group, joined.
  std::string read_group(const json& group) {
    std::string bytes;
    for (const json& name : group.at("paths")) {
      const auto text = name.get<std::string>();
      if (!read_.insert(text).second) throw weights_error(folder_, fmt::format("the manifest names '{}' twice", text));
      bytes += read_shard(folder_, text);
      if (bytes.size() > static_cast<std::size_t>(largest_weights_bytes))
        throw weights_error(folder_, "too large for weights");
    }
    return bytes;
  }

 private:
  std::string folder_;
  std::set<std::string> read_;
};

/// Cuts a group's bytes into its tensors.
void split_group(const json& group, std::string_view bytes, const std::string& path, TfjsModel& model) {
  for (const json& entry : group.at("weights")) {
    const auto name = entry.at("name").get<std::string>();
    const Coding coding = coding_of(entry);
    if (coding.element_bytes == 0)
      throw weights_error(path, fmt::format("'{}' is of unknown type '{}'", name, coding.type));
    Tensor tensor = {.shape = entry.at("shape").get<std::vector<std::int64_t>>(), .values = {}};
    const auto count = element_count(tensor.shape, bytes.size() / coding.element_bytes);
    if (!count)
      throw weights_error(path, fmt::format("the shards end before '{}' does", name), "fetch the folder again");
    tensor.values = decode_values(coding, bytes.substr(0, *count * coding.element_bytes));
    bytes.remove_prefix(*count * coding.element_bytes);
    if (!model.tensors.emplace(name, std::move(tensor)).second)
      throw weights_error(path, fmt::format("'{}' is in the manifest twice", name));
  }
  if (!bytes.empty()) throw weights_error(path, "the shards are longer than the manifest says");
}

double epsilon_of(const json& model, const std::string& path) {
  std::optional<double> epsilon;
  const json::json_pointer where("/modelTopology/model_config/config/layers");
  if (!model.contains(where)) return 1e-3;
  for (const json& layer : model.at(where)) {
    if (layer.at("class_name") != "BatchNormalization") continue;
    const double its = layer.at("config").at("epsilon").get<double>();
    if (its != epsilon.value_or(its)) throw weights_error(path, "the batch norms have different epsilons");
    epsilon = its;
  }
  return epsilon.value_or(1e-3);
}

TfjsModel read_manifest(const json& model, const std::string& folder, const std::string& path) {
  TfjsModel out;
  Sha256 sum;
  ShardReader shards(folder);
  for (const json& group : model.at("weightsManifest")) {
    const std::string bytes = shards.read_group(group);
    sum.add(bytes);
    split_group(group, bytes, path, out);
  }
  out.epsilon = epsilon_of(model, path);
  out.source = source_of(folder);
  out.sha256 = sum.hex();
  return out;
}

/// Keras's layers, numbered from 1.
LayerRules layer_rules(double epsilon) {
  const auto names = [](const ConvolutionShape&, std::size_t number) {
    const std::string norm = fmt::format("batch_normalization_{}/", number);
    return LayerNames{.kernel = fmt::format("conv2d_{}/kernel", number),
                      .gamma = norm + "gamma",
                      .beta = norm + "beta",
                      .mean = norm + "moving_mean",
                      .variance = norm + "moving_variance"};
  };
  return {.names = names, .order = KernelOrder::hwio, .needs_gamma = false, .epsilon = epsilon};
}

}  // namespace

TfjsModel read_tfjs(const std::string& folder) {
  const std::string path = model_path(folder);
  try {
    return read_manifest(parse_json(read_file(path, JsonLimits{}.bytes), "model.json"), folder, path);
  } catch (const FormatError& error) {
    throw weights_error(path, error.what(), "fetch the folder again");
  } catch (const json::exception&) {
    throw weights_error(path, "malformed model JSON", "fetch the folder again");
  }
}

Weights read_tfjs_weights(const std::string& folder) {
  TfjsModel model = read_tfjs(folder);
  return {.traits = {},
          .source = model.source,
          .sha256 = model.sha256,
          .tensors = read_layers(read_from(model.tensors), layer_rules(model.epsilon))};
}

}  // namespace pool3::weights
