#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "pool3/weights.hpp"
#include "weights/errors.hpp"
#include "weights/makers/keras.hpp"
#include "weights/makers/maker.hpp"
#include "weights/makers/pool3_file.hpp"
#include "weights/makers/tensorflow/graphdef.hpp"
#include "weights/makers/tfjs.hpp"
#include "weights/makers/torch/torch_file.hpp"
#include "weights/makers/torch/torchvision.hpp"
#include "weights/read_file.hpp"
#include "weights/sha256.hpp"

namespace pool3 {
namespace weights {
namespace {

/// The kinds of weights files. The first that knows a file reads it. A folder is TensorFlow.js's.
constexpr std::array makers = {&torchscript_file, &torch_file, &keras_file,
                               &graphdef_file,    &pool3_file, &torchvision_safetensors};

std::string known_kinds() {
  std::vector<std::string_view> kinds;
  kinds.reserve(makers.size());
  for (const Maker* maker : makers) kinds.push_back(maker->kind);
  return fmt::format("known: {}, the folder of a TensorFlow.js layers model", fmt::join(kinds, ", "));
}

Weights from_file(const std::string& path) {
  const std::string bytes = read_file(path);
  const auto* const found = std::ranges::find_if(makers, [&](const Maker* maker) { return maker->knows(bytes); });
  if (found == makers.end())
    throw FormatError(bytes.empty() ? "the file is empty" : "not a weights file of a known kind", known_kinds());
  const Maker& maker = **found;
  Weights weights = maker.read(bytes);
  if (!maker.name.empty())
    weights.source = fmt::format("{} ({})", maker.name, std::filesystem::path(path).filename().string());
  weights.sha256 = sha256_hex(bytes);
  return weights;
}

}  // namespace
}  // namespace weights

Weights read_weights(const std::string& path) {
  try {
    std::error_code ignored;
    Weights weights =
        std::filesystem::is_directory(path, ignored) ? weights::read_tfjs_weights(path) : weights::from_file(path);
    check_weights(weights, path);
    return weights;
  } catch (const weights::FormatError& error) {
    throw weights::weights_error(path, error.what(), error.advice());
  }
}

}  // namespace pool3
