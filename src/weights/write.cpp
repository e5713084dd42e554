#include <fmt/format.h>

#include <span>
#include <string_view>
#include <vector>

#include "pool3/files.hpp"
#include "pool3/weights.hpp"
#include "weights/makers/pool3_file.hpp"
#include "weights/refusals.hpp"

namespace pool3 {

void write_weights(const Weights& weights, const std::string& path) {
  if (!weights.torchscript.empty())
    throw weights::weights_error(
        path, fmt::format("{} can't be converted: a network of its own, no weights alone", weights.source),
        "give it to --weights as it is");
  check_weights(weights, weights.source);
  const auto tensors = weights::stored_tensors(weights);
  const std::string header = weights::pool3_file_header(weights, tensors);
  std::vector<std::string_view> parts = {header};
  for (const auto& [name, tensor] : tensors) {
    const std::span<const char> bytes(reinterpret_cast<const char*>(tensor.values.data()),
                                      tensor.values.size() * sizeof(float));
    parts.emplace_back(bytes.data(), bytes.size());
  }
  write_whole_file({"write weights", path}, parts);
}

}  // namespace pool3
