// From a feature file to a whole model.

#include "pool3/store/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pool3/numbers.hpp"
#include "unit/training/fixtures.hpp"

namespace pool3 {
namespace {

using testing::ElementsAre;

class Training : public testing::TestWithParam<FeatureType> {
 protected:
  void SetUp() override {
    test::training_sample(GetParam()).write(comm_, path_);
    options_.C = 3;
    options_.solver = {.loss = Loss::l1, .bias = 2, .tolerance = 1e-5};
    options_.split = {.seed = 7, .test_fraction = 0.3};
    options_.balanced = true;
    options_.probability_folds = 3;
  }
  Communicator comm_ = Communicator::world();
  test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "f.h5";
  TrainingOptions options_;
};

TEST_P(Training, gives_a_model_with_nothing_left_to_fill_in) {
  const FeatureReader reader(path_);
  const TrainingSet set = load_training_set(comm_, reader, options_);
  const ClassFit solved = fit_classes(comm_, set, options_);
  const Calibration calibration = fit_probabilities(comm_, set, options_, solved);
  const Model m = make_model(comm_, reader, set, options_, solved, calibration, "{\"a\": 1}");
  EXPECT_EQ(m.classes, reader.classes());
  EXPECT_EQ(m.width(), test::training_width);
  EXPECT_EQ(m.intercept.size(), 3);
  EXPECT_EQ(m.sigmoid_a, calibration.sigmoids.a);
  EXPECT_EQ(m.sigmoid_b, calibration.sigmoids.b);
  EXPECT_EQ(m.temperature, calibration.temperature);
  EXPECT_NE(m.temperature > 0, m.sigmoid_a.size() == 3);  // one of both
  EXPECT_EQ(m.split, "key");
  EXPECT_EQ(m.features, reader.provenance());
  EXPECT_EQ(std::tie(m.loss, m.class_weight, m.config), std::tuple("l1", "balanced", "{\"a\": 1}"));
  EXPECT_EQ(std::tie(m.C, m.bias, m.tolerance, m.test_fraction), std::tuple(3, 2, 1e-5, 0.3));
  EXPECT_EQ(std::tie(m.centering, m.seed, m.training_rows), std::tuple(true, 7, set.rows()));
  EXPECT_EQ(m.center_scale, set.standardisation.scale);
  EXPECT_EQ(m.objective, solved.fit.objective());
  EXPECT_LE(m.relative_gap, 1e-5);
  EXPECT_EQ(m.column_gaps.size(), 3);
  EXPECT_EQ(m.epochs, solved.fit.epochs);
  write_model(m, folder_ / "m.h5");
  EXPECT_EQ(read_model(folder_ / "m.h5").coef, m.coef);
  EXPECT_EQ(features_difference(reader, m), "");
  const auto certificate = nlohmann::json::parse(certificate_json(m, solved, 1));
  EXPECT_EQ(certificate["rows"], m.training_rows);
  EXPECT_EQ(certificate["classes"][2]["name"], m.classes[2]);
  EXPECT_TRUE(certificate["converged"]);
}

TEST_P(Training, the_model_scores_raw_rows_as_the_solver_does) {
  const FeatureReader reader(path_);
  options_.probability_folds = 0;
  options_.solver.method = SolverMethod::newton;
  const TrainingSet set = load_training_set(comm_, reader, options_);
  const ClassFit solved = fit_classes(comm_, set, options_);
  EXPECT_EQ(fit_probabilities(comm_, set, options_, solved), Calibration());
  const Model m = make_model(comm_, reader, set, options_, solved, {}, "{}");
  const std::vector<float> solver = decision_values(set.problem, solved.fit);
  for (std::size_t i = 0; i < set.problem.origin.size(); ++i) {
    std::vector<float> raw;
    for (std::int64_t c = 0; c < m.width(); ++c) {
      const float value = test::Sample::feature(set.problem.origin[i], c);
      raw.push_back(GetParam() == FeatureType::float16 ? float_of_half(half_of_float(value)) : value);
    }
    const auto scores = score_rows(m.coef, m.intercept, raw);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(scores[k], solver[i * 3 + k], 1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Training, testing::Values(FeatureType::float32, FeatureType::float16),
                         [](const auto& with) { return std::string(to_string(with.param)); });

TEST(TrainingOptions, BalancedWeightsAreScikitLearns) {
  TrainingOptions options{.split = {.seed = 9}};
  EXPECT_TRUE(solver_options(options, {10, 0, 30}).positive_weights.empty());
  options.balanced = true;
  const SolverOptions solver = solver_options(options, {10, 0, 30});
  EXPECT_THAT(solver.positive_weights, ElementsAre(40.0 / (2 * 10), 1, 40.0 / (2 * 30)));
  EXPECT_EQ(solver.seed, 9);
}

TEST(TrainingOptions, WrongOnesAreRefused) {
  const auto refused = [](auto&& change) {
    TrainingOptions options;
    check(options);
    change(options);
    try {
      check(options);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  using testing::HasSubstr;
  EXPECT_THAT(refused([](auto& o) { o.split.test_fraction = 1; }), HasSubstr("--test-fraction"));
  EXPECT_THAT(refused([](auto& o) { o.C = 0; }), HasSubstr("--C"));
  EXPECT_THAT(refused([](auto& o) { o.solver.bias = -1; }), HasSubstr("--bias"));
  EXPECT_THAT(refused([](auto& o) { o.solver.tolerance = 0; }), HasSubstr("--tolerance"));
  EXPECT_THAT(refused([](auto& o) { o.probability_folds = 1; }), HasSubstr("--probability-folds"));
  EXPECT_THAT(refused([](auto& o) { o.solver.threads = 0; }), HasSubstr("--solver-threads"));
}

}  // namespace
}  // namespace pool3
