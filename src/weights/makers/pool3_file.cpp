#include "weights/makers/pool3_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "weights/containers/safetensors.hpp"
#include "weights/refusals.hpp"

namespace pool3::weights {
namespace {

constexpr const char* convert_advice = "make one with: pool3 convert --weights IN --out OUT.safetensors";

const std::string& metadata_value(const Safetensors& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) throw FormatError(fmt::format("its metadata lacks '{}'", key), convert_advice);
  return found->second;
}

bool metadata_flag(const Safetensors& file, const std::string& key) {
  const std::string& value = metadata_value(file, key);
  if (value != "true" && value != "false")
    throw FormatError(fmt::format("'{}' is neither true nor false", key), convert_advice);
  return value == "true";
}

InputProfile metadata_profile(const Safetensors& file) {
  const std::string& name = metadata_value(file, "profile");
  try {
    return parse_input_profile(name);
  } catch (const std::invalid_argument&) {
    throw FormatError(fmt::format("unknown input profile '{}'", name), "use a newer pool3");
  }
}

/// Takes the tensors "NAME.step" and "NAME.mean" out of the file.
std::map<std::string, ChannelCodes> take_codes(Safetensors& file) {
  std::map<std::string, ChannelCodes> codes;
  for (auto at = file.tensors.begin(); at != file.tensors.end();) {
    const auto here = at++;
    const std::string& name = here->first;
    const std::string layer = name.substr(0, name.size() - std::min<std::size_t>(name.size(), 5));
    if (name.ends_with(".step")) {
      codes[layer].steps = std::move(here->second.values);
    } else if (name.ends_with(".mean")) {
      codes[layer].means = std::move(here->second.values);
    } else {
      continue;
    }
    file.tensors.erase(here);
  }
  return codes;
}

bool knows(std::string_view bytes) {
  if (!looks_like_safetensors(bytes)) return false;
  const auto metadata = safetensors_metadata(bytes);
  const auto format = metadata.find("format");
  return format != metadata.end() && format->second == "pool3";
}

Weights weights_of(Safetensors file) {
  const std::string& version = metadata_value(file, "format_version");
  if (version != "1") throw FormatError(fmt::format("format version '{}'", version), "use a newer pool3");
  auto codes = take_codes(file);
  return {.traits = {.average_pool_counts_padding = metadata_flag(file, "average_pool_counts_padding"),
                     .max_pool_in_7c = metadata_flag(file, "max_pool_in_7c"),
                     .profile = metadata_profile(file)},
          .source = metadata_value(file, "source"),
          .sha256 = {},
          .tensors = std::move(file.tensors),
          .codes = std::move(codes)};
}

Weights read(std::string_view bytes) { return weights_of(parse_safetensors(bytes)); }

}  // namespace

Weights read_pool3_file(std::string_view head, std::uint64_t data_bytes, const DataOf& data) {
  return weights_of(parse_safetensors(head, data_bytes, data));
}

constinit const Maker pool3_file = {.kind = "pool3's safetensors", .name = {}, .knows = knows, .read = read};

std::map<std::string, Tensor> stored_tensors(const Weights& weights) {
  std::map<std::string, Tensor> tensors = weights.tensors;
  for (const auto& [name, codes] : weights.codes) {
    tensors[name + ".step"] = {{std::ssize(codes.steps)}, codes.steps};
    tensors[name + ".mean"] = {{std::ssize(codes.means)}, codes.means};
  }
  return tensors;
}

std::string pool3_file_header(const Weights& weights, const std::map<std::string, Tensor>& stored) {
  const auto text = [](bool flag) { return flag ? "true" : "false"; };
  return safetensors_header({{"format", "pool3"},
                             {"format_version", "1"},
                             {"source", weights.source},
                             {"profile", std::string(to_string(weights.traits.profile))},
                             {"average_pool_counts_padding", text(weights.traits.average_pool_counts_padding)},
                             {"max_pool_in_7c", text(weights.traits.max_pool_in_7c)}},
                            stored);
}

}  // namespace pool3::weights
