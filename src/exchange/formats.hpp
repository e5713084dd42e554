#pragma once
// The exporters, one file each. A new one is declared here and gets a line in formats.cpp.

#include <string>

#include "pool3/exchange.hpp"

namespace pool3::exchange {

/// LIBLINEAR's text model. Labels are numbers of classes. Throws Error if there are fewer than two classes.
[[nodiscard]] std::string liblinear_text(const ExportSource& source);
/// A zip of NumPy arrays: coef [K, width], intercept [K], classes [K], and sigmoid_a and sigmoid_b [K] if there are
/// any.
[[nodiscard]] std::string npz_bytes(const ExportSource& source);
/// An ONNX graph from features [N, width] to scores [N, K], in float; the classes are in its metadata, a line each.
[[nodiscard]] std::string onnx_bytes(const ExportSource& source);
/// A TorchScript archive from pictures to scores: network and classifier, in fp32. Needs the weights.
[[nodiscard]] std::string torchscript_bytes(const ExportSource& source);

}  // namespace pool3::exchange
