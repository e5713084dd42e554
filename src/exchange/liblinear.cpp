#include <fmt/format.h>

#include <array>
#include <charconv>
#include <iterator>

#include "exchange/formats.hpp"
#include "pool3/error.hpp"

namespace pool3::exchange {
namespace {

/// The shortest text that reads back as the same number, and a blank.
void append_number(std::string& text, double value) {
  std::array<char, 32> digits{};
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text.append(digits.data(), static_cast<std::size_t>(end - digits.data())) += ' ';
}

}  // namespace

std::string liblinear_text(const ExportSource& source) {
  const Model& model = source.model;
  const std::size_t classes = model.classes.size(), width = static_cast<std::size_t>(model.width());
  if (model.kernel != Kernel::linear)
    throw Error(
        {.stage = "export", .cause = "the model is not linear", .advice = "LIBSVM's format is --format libsvm"});
  if (classes < 2) throw Error({.stage = "export", .cause = "LIBLINEAR's models have two classes or more"});
  std::string text =
      fmt::format("solver_type L2R_{}LOSS_SVC_DUAL\nnr_class {}\nlabel", model.loss == "l1" ? "L1" : "L2", classes);
  const auto append = std::back_inserter(text);
  for (std::size_t k = 0; k < classes; ++k) fmt::format_to(append, " {}", k);
  fmt::format_to(append, "\nnr_feature {}\nbias 1\nw\n", width);
  for (std::size_t j = 0; j <= width; ++j) {
    const auto weight = [&](std::size_t k) { return j < width ? model.coef[k * width + j] : model.intercept[k]; };
    // Of two classes LIBLINEAR keeps one column, whose sign decides.
    if (classes == 2) append_number(text, weight(0) - weight(1));
    for (std::size_t k = 0; classes > 2 && k < classes; ++k) append_number(text, weight(k));
    text += '\n';
  }
  return text;
}

}  // namespace pool3::exchange
