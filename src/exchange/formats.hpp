#pragma once
// The exporters, one file each. A new one is declared here and gets a line in formats.cpp.

#include <string>

#include "pool3/exchange.hpp"

namespace pool3::exchange {

/// LIBLINEAR's text model. Labels are numbers of classes. Throws Error if there are fewer than two classes.
[[nodiscard]] std::string liblinear_text(const ExportSource& source);
/// LIBSVM's text model, of RBF models that are one-vs-one or have two classes. Throws Error for others.
[[nodiscard]] std::string libsvm_text(const ExportSource& source);
/// A zip of NumPy arrays: coef [K, width] (RBF: support_vectors [S, width], support_labels [S], dual_coef, gamma and
/// multiclass), intercept, classes [K], and sigmoid_a, sigmoid_b or temperature if there are any.
[[nodiscard]] std::string npz_bytes(const ExportSource& source);
/// An ONNX graph from features [N, width] to label [N], probabilities [N, K] if the model has them, and scores [N, K],
/// in float and in this order; the metadata has the classes, a line each, and says what input it wants. RBF,
/// one-vs-one: an SVMClassifier, whose scores, without probabilities, are those of the pairs. With pictures: from
/// picture, uint8 [N, height, width, channels], resized in the graph; the last output is class_names [K].
[[nodiscard]] std::string onnx_bytes(const ExportSource& source);
/// A TorchScript archive from pictures to scores: network and classifier, in fp32; also for the lite interpreter. Needs
/// the weights.
[[nodiscard]] std::string torchscript_bytes(const ExportSource& source);

}  // namespace pool3::exchange
