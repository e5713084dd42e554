#include "weights/makers/tfjs.hpp"

#include <cstring>
#include <nlohmann/json.hpp>

#include "pool3/numbers.hpp"
#include "weights/floats.hpp"
#include "weights/makers/tfjs_files.hpp"
#include "weights/sha256.hpp"
#include "weights/weights_error.hpp"

namespace pool3 {
namespace {

using nlohmann::json;

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
  if (coding.type == "float16") return converted<std::uint16_t>(bytes, float_of_half);
  if (coding.type == "float32") return converted<float>(bytes, [](float v) { return v; });
  return {};  // whole numbers: no layer of the network has them
}

/// Bytes of all shards of a group, joined.
std::string read_group(const std::string& folder, const json& group) {
  std::string bytes;
  for (const json& name : group.at("paths")) bytes += read_tfjs_shard(folder, name.get<std::string>());
  return bytes;
}

/// Cuts a group's bytes into its tensors.
void split_group(const json& group, std::string_view bytes, const std::string& path, TfjsModel& model) {
  for (const json& entry : group.at("weights")) {
    const auto name = entry.at("name").get<std::string>();
    const Coding coding = coding_of(entry);
    if (coding.element_bytes == 0) throw weights_error(path, "'" + name + "' is of unknown type '" + coding.type + "'");
    Tensor tensor = {.shape = entry.at("shape").get<std::vector<std::int64_t>>(), .values = {}};
    const auto count = element_count(tensor.shape, bytes.size() / coding.element_bytes);
    if (!count) throw weights_error(path, "the shards end before '" + name + "' does", "fetch the folder again");
    tensor.values = decode_values(coding, bytes.substr(0, *count * coding.element_bytes));
    bytes.remove_prefix(*count * coding.element_bytes);
    if (!model.tensors.emplace(name, std::move(tensor)).second) {
      throw weights_error(path, "'" + name + "' is in the manifest twice");
    }
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
  for (const json& group : model.at("weightsManifest")) {
    const std::string bytes = read_group(folder, group);
    sum.add(bytes);
    split_group(group, bytes, path, out);
  }
  out.epsilon = epsilon_of(model, path);
  out.source = tfjs_source(folder);
  out.sha256 = sum.hex();
  return out;
}

}  // namespace

TfjsModel read_tfjs(const std::string& folder) {
  const std::optional<std::string> path = tfjs_model_path(folder);
  if (!path) {
    throw weights_error(folder, "no model.json and no model.min.js in this folder",
                        "give a weights file or the folder of a TensorFlow.js layers model");
  }
  try {
    return read_manifest(json::parse(read_tfjs_model(*path)), folder, *path);
  } catch (const json::exception&) {
    throw weights_error(*path, "malformed model JSON", "fetch the folder again");
  }
}

}  // namespace pool3
