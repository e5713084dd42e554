// LIBSVM's text model, as svm_save_model writes it: one-vs-one, or two classes.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "exchange/formats.hpp"
#include "pool3/error.hpp"

namespace pool3::exchange {
namespace {

/// The shortest text that reads back as the same number.
template <typename Real>
void append_number(std::string& text, Real value) {
  std::array<char, 32> digits{};
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void append_line(std::string& text, std::string_view name, const std::vector<double>& values) {
  text += name;
  for (const double v : values) append_number(text += ' ', v);
  text += '\n';
}

/// Coefficients [classes - 1, S] and intercepts of the pairs.
struct Pairs {
  std::vector<double> coef, intercept;
};

/// Two classes against each other from each against the rest: the sign of f_0 - f_1 decides.
Pairs pairs_of(const Model& model) {
  if (model.multiclass == Multiclass::one_vs_one) return {model.support.dual_coef, model.intercept};
  const std::size_t count = model.support.labels.size();
  Pairs pairs{std::vector<double>(count), {model.intercept[0] - model.intercept[1]}};
  for (std::size_t i = 0; i < count; ++i)
    pairs.coef[i] = model.support.dual_coef[i] - model.support.dual_coef[count + i];
  return pairs;
}

void check_model(const Model& model) {
  if (model.kernel == Kernel::linear)
    throw Error(
        {.stage = "export", .cause = "the model is linear", .advice = "LIBLINEAR's format is --format liblinear"});
  if (model.multiclass != Multiclass::one_vs_one && model.classes.size() != 2)
    throw Error({.stage = "export",
                 .cause = "LIBSVM's models have a column for each pair of classes, this one has one for each class",
                 .advice = "train with --multiclass ovo, or export to npz or onnx"});
}

std::string header_of(const Model& model, const Pairs& pairs) {
  const std::size_t classes = model.classes.size();
  std::string text = "svm_type c_svc\nkernel_type rbf\ngamma ";
  append_number(text, model.support.gamma);
  text += fmt::format("\nnr_class {}\ntotal_sv {}\n", classes, model.support.labels.size());
  std::vector<double> rho, labels, counts;
  for (const double v : pairs.intercept) rho.push_back(0.0 - v);
  for (std::size_t k = 0; k < classes; ++k) {
    labels.push_back(static_cast<double>(k));
    counts.push_back(static_cast<double>(std::ranges::count(model.support.labels, static_cast<std::int32_t>(k))));
  }
  append_line(text, "rho", rho);
  append_line(text, "label", labels);
  if (model.multiclass == Multiclass::one_vs_one && !model.sigmoid_a.empty()) {
    append_line(text, "probA", model.sigmoid_a);
    append_line(text, "probB", model.sigmoid_b);
  }
  append_line(text, "nr_sv", counts);
  return text + "SV\n";
}

}  // namespace

std::string libsvm_text(const ExportSource& source) {
  const Model& model = source.model;
  check_model(model);
  const Pairs pairs = pairs_of(model);
  std::string text = header_of(model, pairs);
  const std::size_t count = model.support.labels.size(), width = static_cast<std::size_t>(model.width());
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t at = i; at < pairs.coef.size(); at += count) {
      append_number(text, pairs.coef[at]);
      text += ' ';
    }
    for (std::size_t j = 0; j < width; ++j) {
      const float value = model.support.x[i * width + j];
      if (value == 0) continue;
      fmt::format_to(std::back_inserter(text), "{}:", j + 1);
      append_number(text, value);
      text += ' ';
    }
    text += '\n';
  }
  return text;
}

}  // namespace pool3::exchange
