// The classifier as an ONNX graph, and the file around it. Field numbers are those of onnx.proto.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "exchange/formats.hpp"
#include "exchange/onnx/graph_parts.hpp"
#include "exchange/onnx/network.hpp"
#include "exchange/onnx/resize.hpp"
#include "exchange/protobuf_writer.hpp"
#include "pool3/error.hpp"
#include "pool3/network.hpp"
#include "pool3/prediction.hpp"

namespace pool3::exchange {
namespace {

using namespace onnx;
using protobuf::number;
using protobuf::part;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Label by the highest of `from`, the first of equals.
std::string label_of(const std::string& from, const std::vector<std::string>& classes) {
  return node("ArgMax", {from}, {"best"}, attribute("axis", 1) + attribute("keepdims", 0)) +
         node("Gather", {"classes", "best"}, {"label"}) + text_tensor("classes", classes) +
         as_output(value_info("label", 0, ElementType::text));
}

/// Label, probabilities, if there are any, and scores: outputs in this order, the first two as skl2onnx has them. From
/// scores of a column for each class.
std::string verdict_of(const Model& model) {
  const std::size_t classes = model.classes.size();
  const std::string scores = as_output(value_info("scores", classes));
  if (!has_probabilities(model)) return label_of("scores", model.classes) + scores;
  const std::string after =
      label_of("probabilities", model.classes) + as_output(value_info("probabilities", classes)) + scores;
  if (model.temperature > 0)
    return node("Mul", {"scores", "temperature"}, {"exponents_of_classes"}) +
           node("Softmax", {"exponents_of_classes"}, {"probabilities"}, attribute("axis", 1)) +
           tensor("temperature", {model.temperature}, {1}) + after;
  std::vector<double> slopes, offsets;
  for (std::size_t k = 0; k < classes; ++k) {
    slopes.push_back(-model.sigmoid_a[k]);
    offsets.push_back(-model.sigmoid_b[k]);
  }
  return node("Mul", {"scores", "slopes"}, {"sloped"}) + node("Add", {"sloped", "offsets"}, {"shifted"}) +
         node("Sigmoid", {"shifted"}, {"each"}) +
         node("ReduceL1", {"each"}, {"sum"},
              attribute("axes", std::vector<std::int64_t>{1}) + attribute("keepdims", 1)) +
         node("Div", {"each", "sum"}, {"probabilities"}) + tensor("slopes", slopes, {classes}) +
         tensor("offsets", offsets, {classes}) + after;
}

/// scores = features coef' + intercept. `quantised`: coefficients in 16 bits.
std::string linear_graph(const Model& model, bool quantised) {
  const std::size_t classes = model.classes.size();
  const std::string coef = quantised
                               ? quantised_tensor("coef", std::vector<float>(model.coef.begin(), model.coef.end()),
                                                  {std::ssize(model.classes), model.width()}, 16)
                               : tensor("coef", model.coef, {classes, index(model.width())});
  return coef + node("Gemm", {"features", "coef", "intercept"}, {"scores"}, attribute("transB", 1)) +
         tensor("intercept", model.intercept, {classes});
}

/// Support vectors around their mean, where distances keep more digits in float.
struct Centred {
  std::vector<double> mean, x, squares;
};
Centred centred(const Model& model) {
  const std::size_t width = index(model.width()), count = model.support.labels.size();
  Centred c{std::vector<double>(width, 0.0), {}, std::vector<double>(count, 0.0)};
  for (std::size_t i = 0; i < count * width; ++i)
    c.mean[i % width] += static_cast<double>(model.support.x[i]) / static_cast<double>(count);
  for (double& m : c.mean) m = static_cast<double>(static_cast<float>(m));
  for (std::size_t i = 0; i < count * width; ++i) {
    const double d =
        static_cast<double>(static_cast<float>(static_cast<double>(model.support.x[i]) - c.mean[i % width]));
    c.x.push_back(d);
    c.squares[i / width] += d * d;
  }
  return c;
}

/// scores = exp(-gamma |x - s|^2) dual_coef' + intercept, of a column for each class.
std::string kernel_graph(const Model& model) {
  const std::size_t classes = model.classes.size(), count = model.support.labels.size(), width = index(model.width());
  const Centred c = centred(model);
  return node("Sub", {"features", "mean"}, {"x"}) +
         node("ReduceSumSquare", {"x"}, {"squares"},
              attribute("axes", std::vector<std::int64_t>{1}) + attribute("keepdims", 1)) +
         node("Gemm", {"x", "support_vectors", "support_squares"}, {"products"},
              float_attribute("alpha", -2) + attribute("transB", 1)) +
         node("Add", {"products", "squares"}, {"distances"}) + node("Relu", {"distances"}, {"clamped"}) +
         node("Mul", {"clamped", "minus_gamma"}, {"exponents"}) + node("Exp", {"exponents"}, {"kernel"}) +
         node("Gemm", {"kernel", "dual_coef", "intercept"}, {"scores"}, attribute("transB", 1)) +
         tensor("mean", c.mean, {width}) + tensor("support_vectors", c.x, {count, width}) +
         tensor("support_squares", c.squares, {count}) + tensor("minus_gamma", {-model.support.gamma}, {1}) +
         tensor("dual_coef", model.support.dual_coef, {classes, count}) +
         tensor("intercept", model.intercept, {classes});
}

/// ONNX's own operator, which is LIBSVM.
std::string pairs_graph(const Model& model) {
  const std::size_t classes = model.classes.size();
  const SupportVectors& s = model.support;
  std::vector<std::int64_t> counts;
  for (std::size_t k = 0; k < classes; ++k)
    counts.push_back(std::ranges::count(s.labels, static_cast<std::int32_t>(k)));
  std::string attributes = attribute("classlabels_strings", model.classes) + attribute("coefficients", s.dual_coef) +
                           attribute("kernel_params", std::vector<double>{s.gamma, 0, 3}) +
                           attribute("kernel_type", std::string("RBF")) +
                           attribute("post_transform", std::string("NONE")) + attribute("rho", model.intercept) +
                           attribute("support_vectors", std::vector<double>(s.x.begin(), s.x.end())) +
                           attribute("vectors_per_class", counts);
  const bool has = has_probabilities(model) && !model.sigmoid_a.empty();
  if (has) attributes += attribute("prob_a", model.sigmoid_a) + attribute("prob_b", model.sigmoid_b);
  if (!has)
    return node("SVMClassifier", {"features"}, {"label", "scores"}, attributes, "ai.onnx.ml") +
           as_output(value_info("label", 0, ElementType::text)) +
           as_output(value_info("scores", index(model.columns())));
  // The operator's own label is that of the votes.
  return node("SVMClassifier", {"features"}, {"voted", "probabilities"}, attributes, "ai.onnx.ml") +
         label_of("probabilities", model.classes) + as_output(value_info("probabilities", classes));
}

/// Throws Error unless the model is for what the network gives.
void check_network(const Model& model, const Weights& weights) {
  if (!weights.torchscript.empty())
    throw Error({.stage = "export",
                 .path = weights.source,
                 .cause = "a TorchScript network can't be put into an ONNX graph",
                 .advice = "export it with torch.onnx, and the model without --pictures behind it"});
  check_weights(weights, weights.source);
  if (model.width() == inception_width) return;
  throw Error(
      {.stage = "export",
       .cause = fmt::format("the model takes {} numbers, and the network gives {}", model.width(), inception_width),
       .advice = "give a model of features that this network made"});
}

std::string feature_text(const Model& model) {
  const Provenance& f = model.features;
  return fmt::format("features: float32 [N, {}], as pool3 extract makes them (profile {}, precision {}, weights {})",
                     model.width(), f.profile, f.precision, f.weights_sha256);
}

std::string picture_text(const Weights& weights) {
  return fmt::format(
      "picture: uint8 [N, height, width, channels], any size, red, green, blue from 0 to 255, upright, transparency "
      "laid "
      "over white; a fourth channel is ignored. The graph resizes as the input profile {} does (weights {})",
      to_string(weights.traits.profile), weights.sha256);
}

/// Scores and what is said of them, from "features".
std::string classifier(const Model& model, bool quantised) {
  if (model.multiclass == Multiclass::one_vs_one) return pairs_graph(model);
  return (model.kernel == Kernel::linear ? linear_graph(model, quantised) : kernel_graph(model)) + verdict_of(model);
}

/// The network's nodes before those of the classifier; and the names of classes once more, for programs that can't read
/// the metadata.
std::string with_network(const Model& model, const Weights& weights, bool quantised) {
  check_network(model, weights);
  const std::string names = node("Identity", {"classes_of_all"}, {"class_names"}) +
                            text_tensor("classes_of_all", model.classes) +
                            as_output(value_info("class_names", {}, model.classes.size(), ElementType::text));
  return resize_nodes(weights.traits.profile) + network_nodes(weights, quantised) + classifier(model, quantised) +
         names + part(2, "pool3_pictures") +
         as_input(value_info("picture", {"N", "height", "width", "channels"}, 0, ElementType::uint8));
}

std::string without_network(const Model& model) {
  return classifier(model, false) + part(2, "pool3_svm") + as_input(value_info("features", index(model.width())));
}

}  // namespace

std::string onnx_bytes(const ExportSource& source) {
  const Model& model = source.model;
  std::string graph, input;
  if (source.pictures) {
    const Weights weights = source.weights();
    graph = with_network(model, weights, source.quantised);
    input = picture_text(weights);
  } else {
    graph = without_network(model);
    input = feature_text(model);
  }
  std::string names;
  for (const std::string& name : model.classes) names += one_line(name) + "\n";
  std::string file = number(1, 7) + part(2, "pool3") + part(3, source.version) + part(7, graph);
  file += part(8, part(1, "") + number(2, 13));
  if (model.multiclass == Multiclass::one_vs_one) file += part(8, part(1, "ai.onnx.ml") + number(2, 1));
  const auto say = [](const std::string& key, const std::string& value) {
    return part(14, part(1, key) + part(2, value));
  };
  return file + say("classes", names) + say("input", input);
}

}  // namespace pool3::exchange
