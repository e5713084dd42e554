#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "pool3/files.hpp"
#include "pool3/weights.hpp"
#include "weights/containers/safetensors.hpp"
#include "weights/makers/keras.hpp"
#include "weights/makers/maker.hpp"
#include "weights/makers/pool3_file.hpp"
#include "weights/makers/tensorflow/graphdef.hpp"
#include "weights/makers/tfjs.hpp"
#include "weights/makers/torch/torch_file.hpp"
#include "weights/makers/torch/torchvision.hpp"
#include "weights/read_file.hpp"
#include "weights/refusals.hpp"
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

/// What comes before the data if this is a file of pool3's own; else nothing.
std::optional<std::string> own_head(const Descriptor& file) try {
  std::string head(8, '\0');
  if (file.size() > largest_weights_bytes || file.read(0, std::as_writable_bytes(std::span(head))) != head.size())
    return {};
  const auto bytes = safetensors_head_bytes(head);
  if (!bytes || std::cmp_greater(*bytes, file.size())) return {};
  head.resize(*bytes);
  if (file.read(0, std::as_writable_bytes(std::span(head))) != head.size() || !pool3_file.knows(head)) return {};
  return head;
} catch (const FormatError&) {
  return {};
}

/// pool3's own files, tensor by tensor: every rank reads one as it starts, and the whole file would be as much memory
/// again. Nothing for another file.
std::optional<Weights> from_own_file(const std::string& path) {
  const Descriptor file = open_source({"read weights", path}, "check the path given with --weights");
  const std::optional<std::string> head = own_head(file);
  if (!head) return {};
  Sha256 sum;
  sum.add(*head);
  std::string piece;
  const auto data = [&](std::uint64_t begin, std::uint64_t end) -> std::string_view {
    piece.resize(std::max<std::size_t>(piece.size(), end - begin));
    const std::span<char> part(piece.data(), end - begin);
    if (file.read(static_cast<std::int64_t>(head->size() + begin), std::as_writable_bytes(part)) != part.size())
      throw weights_error(path, "the file became shorter while it was read");
    sum.add({part.data(), part.size()});
    return {part.data(), part.size()};
  };
  Weights weights = read_pool3_file(*head, static_cast<std::uint64_t>(file.size()) - head->size(), data);
  weights.sha256 = sum.hex();
  return weights;
}

Weights from_file(const std::string& path) {
  if (auto own = from_own_file(path)) return std::move(*own);
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
