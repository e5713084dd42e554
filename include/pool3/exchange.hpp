#pragma once
// A model as the bytes of other programs' files.

#include <string>

#include "pool3/model.hpp"

namespace pool3 {

/// LIBLINEAR's text model. Labels are numbers of classes. Throws Error if there are fewer than two classes.
[[nodiscard]] std::string liblinear_text(const Model& model);
/// A zip of NumPy arrays: coef [K, 2048], intercept [K], classes [K], and sigmoid_a and sigmoid_b [K] if there are any.
[[nodiscard]] std::string npz_bytes(const Model& model);
/// An ONNX graph from features [N, 2048] to scores [N, K], in float; the classes are in its metadata, a line each.
[[nodiscard]] std::string onnx_bytes(const Model& model);

}  // namespace pool3
