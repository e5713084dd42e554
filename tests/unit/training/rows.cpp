// Which rows train, and that the solver sees them as they are stored.

#include <gtest/gtest.h>

#include "pool3/numbers.hpp"
#include "support/mpi_environment.hpp"
#include "unit/training/fixtures.hpp"

namespace pool3 {
namespace {

const auto* const mpi = testing::AddGlobalTestEnvironment(new test::MpiEnvironment);

class TrainingRows : public testing::TestWithParam<FeatureType> {
 protected:
  void SetUp() override { sample_.write(comm_, path_); }

  /// Features of these rows, as a float reader has them.
  [[nodiscard]] std::vector<float> features_of(const std::vector<Row>& rows) const {
    const FeatureReader reader(path_);
    std::vector<float> all(static_cast<std::size_t>(reader.rows() * reader.width())), some;
    reader.read_blocks(0, reader.blocks(), all);
    for (const Row row : rows)
      std::copy_n(all.begin() + row * reader.width(), reader.width(), std::back_inserter(some));
    return some;
  }

  Communicator comm_ = Communicator::world();
  test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "f.h5";
  const test::Sample sample_ = test::training_sample(GetParam());
  const Split split_{.seed = 7, .test_fraction = 0.3};
};

TEST_P(TrainingRows, come_in_their_order_on_their_side) {
  const FeatureReader reader(path_);
  for (const Side side : {Side::training, Side::test}) {
    std::vector<Row> rows;
    std::vector<float> features;
    for_each_labelled_rows(comm_, reader, split_, side, [&](const LabelledRows& found) {
      for (std::size_t i = 0; i < found.rows.size(); ++i) {
        EXPECT_EQ(found.labels[i], sample_.labels[static_cast<std::size_t>(found.rows[i])]);
        EXPECT_EQ(found.keys[i], test::Sample::key(found.rows[i]));
      }
      rows.insert(rows.end(), found.rows.begin(), found.rows.end());
      features.insert(features.end(), found.features.begin(), found.features.end());
    });
    EXPECT_EQ(rows, test::rows_of_side(sample_, split_, side));
    EXPECT_GT(rows.size(), 5);
    EXPECT_EQ(features, features_of(rows));
  }
}

TEST_P(TrainingRows, are_loaded_as_they_are_stored) {
  const FeatureReader reader(path_);
  const Problem problem = load_training_rows(comm_, reader, split_, 4, "");
  EXPECT_EQ(problem.origin, test::rows_of_side(sample_, split_, Side::training));
  EXPECT_EQ(problem.dim, test::training_width);
  EXPECT_EQ(problem.classes, 3);
  EXPECT_EQ(problem.rows, std::ssize(problem.origin));
  EXPECT_TRUE(problem.weights.empty());
  const std::vector<float> expected = features_of(problem.origin);
  if (GetParam() == FeatureType::float32) {
    EXPECT_EQ(problem.x, expected);
    EXPECT_TRUE(problem.halves.empty());
  } else {
    std::vector<std::uint16_t> halves;
    for (const Row row : problem.origin)
      for (std::int64_t c = 0; c < problem.dim; ++c) halves.push_back(half_of_float(test::Sample::feature(row, c)));
    EXPECT_EQ(problem.halves, halves);
    EXPECT_TRUE(problem.x.empty());
  }
  for (std::size_t i = 0; i < problem.origin.size(); ++i) {
    EXPECT_EQ(problem.folds[i], fold_of(split_.seed, test::Sample::key(problem.origin[i]), 4));
    EXPECT_EQ(problem.labels[i], sample_.labels[static_cast<std::size_t>(problem.origin[i])]);
  }
}

TEST_P(TrainingRows, of_weight_0_are_left_out) {
  test::Sample weights(90);
  for (std::size_t r = 0; r < 90; ++r) weights.labels[r] = static_cast<std::int32_t>(r % 3);
  weights.width = 1;
  weights.write(comm_, folder_ / "weights.h5");
  const std::string source = folder_ / "weights.h5:labels";
  const FeatureReader reader(path_);
  const Problem problem = load_training_rows(comm_, reader, split_, 0, source);
  std::vector<Row> expected = test::rows_of_side(sample_, split_, Side::training);
  std::erase_if(expected, [](Row row) { return row % 3 == 0; });
  EXPECT_EQ(problem.origin, expected);
  EXPECT_TRUE(problem.folds.empty());
  ASSERT_EQ(problem.weights.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(problem.weights[i], static_cast<float>(expected[i] % 3));
  EXPECT_EQ(count_training_rows(comm_, reader, split_, source), class_counts(comm_, problem));
}

TEST_P(TrainingRows, are_counted_without_their_features) {
  const std::vector<std::int64_t> counts =
      class_counts(comm_, load_training_rows(comm_, FeatureReader(path_), split_, 0, ""));
  std::string bytes = test::slurp(path_);
  const float value = test::Sample::feature(1, 3);
  const std::uint16_t half = half_of_float(value);
  const std::string stored = GetParam() == FeatureType::float32
                                 ? std::string(reinterpret_cast<const char*>(&value), sizeof value)
                                 : std::string(reinterpret_cast<const char*>(&half), sizeof half);
  const auto at = bytes.rfind(stored);  // behind the header
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  test::spit(path_, bytes);
  const FeatureReader damaged(path_);
  EXPECT_THROW((void)load_training_rows(comm_, damaged, {.test_fraction = 0}, 0, ""), Error);
  EXPECT_EQ(count_training_rows(comm_, damaged, split_, ""), counts);
}

INSTANTIATE_TEST_SUITE_P(Types, TrainingRows, testing::Values(FeatureType::float32, FeatureType::float16),
                         [](const auto& with) { return std::string(to_string(with.param)); });

}  // namespace
}  // namespace pool3
