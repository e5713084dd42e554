// Field numbers are those of onnx.proto.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "exchange/formats.hpp"
#include "exchange/protobuf.hpp"
#include "pool3/prediction.hpp"

namespace pool3::exchange {
namespace {

using protobuf::floats;
using protobuf::number;
using protobuf::part;

constexpr std::uint64_t float_type = 1, string_type = 8;
enum AttributeType : std::uint8_t {
  of_float = 1,
  of_int = 2,
  of_string = 3,
  of_floats = 6,
  of_ints = 7,
  of_strings = 8
};

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

std::string attribute(const std::string& name, const std::string& value, AttributeType type) {
  return part(5, part(1, name) + value + number(20, type));
}
std::string attribute(const std::string& name, std::uint64_t value) {
  return attribute(name, number(3, value), of_int);
}
std::string attribute(const std::string& name, const std::string& text) {
  return attribute(name, part(4, text), of_string);
}
std::string attribute(const std::string& name, const std::vector<double>& values) {
  return attribute(name, part(7, floats(values)), of_floats);
}
std::string attribute(const std::string& name, const std::vector<std::int64_t>& values) {
  std::string packed;
  for (const std::int64_t v : values) protobuf::append_varint(packed, static_cast<std::uint64_t>(v));
  return attribute(name, part(8, packed), of_ints);
}
std::string attribute(const std::string& name, const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += part(9, text);
  return attribute(name, all, of_strings);
}
/// alpha, as one float: field 2, four bytes.
std::string float_attribute(const std::string& name, double value) {
  return attribute(name, std::string(1, static_cast<char>(2 << 3 | 5)) + floats({value}), of_float);
}

std::string node(const std::string& kind, const std::vector<std::string>& inputs,
                 const std::vector<std::string>& outputs, const std::string& attributes = {},
                 const std::string& domain = {}) {
  std::string message;
  for (const std::string& name : inputs) message += part(1, name);
  for (const std::string& name : outputs) message += part(2, name);
  message += part(3, outputs[0] + "_of_" + kind) + part(4, kind) + attributes;
  if (!domain.empty()) message += part(7, domain);
  return part(1, message);
}

std::string tensor(const std::string& name, const std::vector<double>& values, const std::vector<std::size_t>& shape) {
  std::string out;
  for (const std::size_t side : shape) out += number(1, side);
  return part(5, out + number(2, float_type) + part(8, name) + part(9, floats(values)));
}

std::string text_tensor(const std::string& name, const std::vector<std::string>& texts) {
  std::string out = number(1, texts.size()) + number(2, string_type) + part(8, name);
  for (const std::string& text : texts) out += part(6, text);
  return part(5, out);
}

/// [N], or [N, width].
std::string value_info(const std::string& name, std::size_t width, std::uint64_t type = float_type) {
  std::string shape = part(1, part(2, "N"));
  if (width > 0) shape += part(1, number(1, width));
  return part(1, name) + part(2, part(1, number(1, type) + part(2, shape)));
}

/// Label by the highest of `from`, the first of equals.
std::string label_of(const std::string& from, const std::vector<std::string>& classes) {
  return node("ArgMax", {from}, {"best"}, attribute("axis", 1) + attribute("keepdims", 0)) +
         node("Gather", {"classes", "best"}, {"label"}) + text_tensor("classes", classes) +
         part(12, value_info("label", 0, string_type));
}

/// Label, probabilities, if there are any, and scores: outputs in this order, the first two as skl2onnx has them. From
/// scores of a column for each class.
std::string verdict_of(const Model& model) {
  const std::size_t classes = model.classes.size();
  const std::string scores = part(12, value_info("scores", classes));
  if (!has_probabilities(model)) return label_of("scores", model.classes) + scores;
  const std::string after =
      label_of("probabilities", model.classes) + part(12, value_info("probabilities", classes)) + scores;
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

/// scores = features coef' + intercept.
std::string linear_graph(const Model& model) {
  const std::size_t classes = model.classes.size();
  return node("Gemm", {"features", "coef", "intercept"}, {"scores"}, attribute("transB", 1)) +
         tensor("coef", model.coef, {classes, index(model.width())}) + tensor("intercept", model.intercept, {classes});
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
           part(12, value_info("label", 0, string_type)) + part(12, value_info("scores", index(model.columns())));
  // The operator's own label is that of the votes.
  return node("SVMClassifier", {"features"}, {"voted", "probabilities"}, attributes, "ai.onnx.ml") +
         label_of("probabilities", model.classes) + part(12, value_info("probabilities", classes));
}

std::string input_text(const Model& model) {
  const Provenance& f = model.features;
  return fmt::format("features: float32 [N, {}], as pool3 extract makes them (profile {}, precision {}, weights {})",
                     model.width(), f.profile, f.precision, f.weights_sha256);
}

}  // namespace

std::string onnx_bytes(const ExportSource& source) {
  const Model& model = source.model;
  const bool pairs = model.multiclass == Multiclass::one_vs_one;
  std::string nodes = pairs ? pairs_graph(model) : std::string();
  if (!pairs) nodes = (model.kernel == Kernel::linear ? linear_graph(model) : kernel_graph(model)) + verdict_of(model);
  const std::string graph = nodes + part(2, "pool3_svm") + part(11, value_info("features", index(model.width())));
  std::string names;
  for (const std::string& name : model.classes) names += name + "\n";
  std::string file =
      number(1, 7) + part(2, "pool3") + part(3, source.version) + part(7, graph) + part(8, part(1, "") + number(2, 13));
  if (pairs) file += part(8, part(1, "ai.onnx.ml") + number(2, 1));
  const auto say = [](const std::string& key, const std::string& value) {
    return part(14, part(1, key) + part(2, value));
  };
  return file + say("classes", names) + say("input", input_text(model));
}

}  // namespace pool3::exchange
