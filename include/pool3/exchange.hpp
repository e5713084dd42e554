#pragma once
// A model as the bytes of other programs' files.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "pool3/store/model.hpp"
#include "pool3/weights.hpp"

namespace pool3 {

/// What an exporter may use.
struct ExportSource {
  const Model& model;
  std::string version;               ///< of pool3
  std::function<Weights()> weights;  ///< reads the weights that the model's features were made with
  bool pictures = false;             ///< with the network, where a format can be without: ExportFormat::network
  bool quantised = false;            ///< the network's weights in 8 bits. REQUIRES: the network is in it
};

/// Whether a format holds the network, too.
enum class HoldsNetwork : std::uint8_t { never, on_request, always };

/// A kind of file that a model can be exported to.
struct ExportFormat {
  std::string_view name;
  std::string_view holds;  ///< what is in it, for the help
  HoldsNetwork network;
  /// The file's bytes: the same for the same source. Throws Error.
  std::string (*bytes)(const ExportSource& source);
};
/// All of them.
[[nodiscard]] std::span<const ExportFormat> export_formats();
/// Throws usage Error if there is no format of that name.
[[nodiscard]] const ExportFormat& find_export_format(std::string_view name);

}  // namespace pool3
