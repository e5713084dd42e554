// Writes a model file with the RBF kernel, from arrays of raw numbers:
//   make_model M.h5 ovr|ovo CLASSES WIDTH GAMMA FOLDER
// FOLDER has x.f32 [S, WIDTH], labels.i32 [S], dual_coef.f64, intercept.f64, and a.f64 and b.f64, which may be empty.

#include <iostream>
#include <string>

#include "pool3/store/model.hpp"
#include "support/slurp.hpp"

namespace {

using pool3::test::read_numbers;

pool3::Model model_of(const std::string& multiclass, int classes, const std::string& folder, double gamma) {
  pool3::Model model;
  for (int k = 0; k < classes; ++k) model.classes.push_back(std::to_string(k));
  model.kernel = pool3::Kernel::rbf;
  model.multiclass = multiclass == "ovo" ? pool3::Multiclass::one_vs_one : pool3::Multiclass::one_vs_rest;
  model.support = {.x = read_numbers<float>(folder + "/x.f32"),
                   .labels = read_numbers<std::int32_t>(folder + "/labels.i32"),
                   .dual_coef = read_numbers<double>(folder + "/dual_coef.f64"),
                   .gamma = gamma};
  model.intercept = read_numbers<double>(folder + "/intercept.f64");
  model.sigmoid_a = read_numbers<double>(folder + "/a.f64");
  model.sigmoid_b = read_numbers<double>(folder + "/b.f64");
  model.column_gaps.assign(static_cast<std::size_t>(model.columns()), 0.0);
  const std::string kind = "imported";
  model.features = {"test", kind, "a test", kind, kind, std::string(32, 'c'), "a test", "a test", "{}"};
  model.loss = "l1";
  model.class_weight = "none";
  model.config = "{}";
  return model;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 7) return 2;
    const pool3::Model model = model_of(argv[2], std::stoi(argv[3]), argv[6], std::stod(argv[5]));
    if (model.width() != std::stoll(argv[4])) return 2;
    pool3::write_model(model, argv[1]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "make_model: " << error.what() << '\n';
    return 1;
  }
}
