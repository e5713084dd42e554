#include "exchange/formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pool3/error.hpp"

namespace pool3 {
namespace {

using enum HoldsNetwork;
constexpr std::array formats = {
    ExportFormat{"liblinear", "its text model, of linear models", never, exchange::liblinear_text},
    ExportFormat{"libsvm", "its text model, of RBF models", never, exchange::libsvm_text},
    ExportFormat{"npz", "arrays for NumPy", never, exchange::npz_bytes},
    ExportFormat{"onnx", "features, or with --pictures pictures, to label, probabilities and scores", on_request,
                 exchange::onnx_bytes},
    ExportFormat{"torchscript", "pictures to scores and probabilities, of linear models", always,
                 exchange::torchscript_bytes},
};

/// "a, b or c".
std::string names() {
  std::string text;
  for (const ExportFormat& format : formats) {
    if (!text.empty()) text += &format == &formats.back() ? " or " : ", ";
    text += format.name;
  }
  return text;
}

}  // namespace

std::span<const ExportFormat> export_formats() { return formats; }

const ExportFormat& find_export_format(std::string_view name) {
  const auto* const found = std::ranges::find(formats, name, &ExportFormat::name);
  if (found == formats.end()) throw usage_error(fmt::format("--format must be {}", names()));
  return *found;
}

}  // namespace pool3
