#include <array>
#include <charconv>

#include "pool3/error.hpp"
#include "pool3/exchange.hpp"

namespace pool3 {
namespace {

/// The shortest text that reads back as the same number.
void append(std::string& text, double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text.append(digits.data(), end).append(" ");
}

}  // namespace

std::string liblinear_text(const Model& model) {
  const std::size_t classes = model.classes.size(), dim = model.coef.size() / classes;
  if (classes < 2) throw Error({.stage = "export", .cause = "LIBLINEAR's models have two classes or more"});
  std::string text = "solver_type ";
  text += model.loss == "l1" ? "L2R_L1LOSS_SVC_DUAL" : "L2R_L2LOSS_SVC_DUAL";
  text += "\nnr_class " + std::to_string(classes) + "\nlabel";
  for (std::size_t k = 0; k < classes; ++k) text += " " + std::to_string(k);
  text += "\nnr_feature " + std::to_string(dim) + "\nbias 1\nw\n";
  for (std::size_t j = 0; j <= dim; ++j) {
    const auto weight = [&](std::size_t k) { return j < dim ? model.coef[k * dim + j] : model.intercept[k]; };
    // Of two classes LIBLINEAR keeps one column, whose sign decides.
    if (classes == 2) append(text, weight(0) - weight(1));
    for (std::size_t k = 0; classes > 2 && k < classes; ++k) append(text, weight(k));
    text += "\n";
  }
  return text;
}

}  // namespace pool3
