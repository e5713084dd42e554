// Which rows train, and that the solver sees them as they are stored.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "pool3/numbers.hpp"
#include "pool3/partition/stratified.hpp"
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

TEST_P(TrainingRows, are_spread_about_their_mean_as_far_as_numbers_say) {
  const FeatureReader reader(path_);
  std::vector<Row> done;
  for (Row r = 0; r < sample_.rows; ++r)
    if (test::Sample::status(r) == RowStatus::done) done.push_back(r);
  const std::vector<float> x = features_of(done);
  double squares = 0;
  for (std::size_t f = 0; f < test::training_width; ++f) {
    double mean = 0;
    for (std::size_t i = 0; i < done.size(); ++i) mean += static_cast<double>(x[i * test::training_width + f]);
    mean /= static_cast<double>(done.size());
    for (std::size_t i = 0; i < done.size(); ++i)
      squares += std::pow(static_cast<double>(x[i * test::training_width + f]) - mean, 2);
  }
  EXPECT_NEAR(spread_of(reader), squares / static_cast<double>(done.size()), 1e-6 * squares);
}

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

/// Rows that are done and have a label, in their order.
std::vector<Row> usable_rows(const test::Sample& sample) {
  return test::rows_of_side(sample, {.test_fraction = 0}, Side::training);
}

TEST_P(TrainingRows, are_split_by_classes_if_that_is_asked_for) {
  const FeatureReader reader(path_);
  const Split split{.seed = 7, .test_fraction = 0.3, .rule = SplitRule::stratified};
  std::vector<std::int32_t> labels;
  for (const Row row : usable_rows(sample_)) labels.push_back(sample_.labels[static_cast<std::size_t>(row)]);
  const auto held_out = stratified_test_rows(labels, 0.3, 7);
  std::vector<Row> training;
  std::vector<std::int32_t> training_labels;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (held_out[i] != 0) continue;
    training.push_back(usable_rows(sample_)[i]);
    training_labels.push_back(labels[i]);
  }
  const Problem problem = load_training_rows(comm_, reader, split, 4, "");
  EXPECT_EQ(problem.origin, training);
  EXPECT_EQ(problem.folds, stratified_folds(training_labels, 4, 7));
  std::size_t others = 0;
  for_each_labelled_rows(comm_, reader, split, Side::test, [&](const auto& found) { others += found.rows.size(); });
  EXPECT_EQ(others + training.size(), labels.size());
  std::size_t all = 0;
  for_each_labelled_rows(comm_, reader, split, Side::both, [&](const auto& found) { all += found.rows.size(); });
  EXPECT_EQ(all, labels.size());
}

TEST_P(TrainingRows, are_in_the_folds_that_were_given) {
  const FeatureReader reader(path_);
  Split split = split_;
  for (Row row = 0; row < reader.rows(); ++row) split.folds_of_rows.push_back(static_cast<std::int32_t>(row % 4) - 1);
  EXPECT_EQ(given_folds(split), 3);
  const Problem problem = load_training_rows(comm_, reader, split, 3, "");
  EXPECT_EQ(problem.origin, test::rows_of_side(sample_, split_, Side::training));
  for (std::size_t i = 0; i < problem.origin.size(); ++i)
    EXPECT_EQ(problem.folds[i], problem.origin[i] % 4 == 0 ? 3 : problem.origin[i] % 4 - 1);
}

TEST_P(TrainingRows, of_a_group_stay_together) {
  const FeatureReader reader(path_);
  for (const SplitRule rule : {SplitRule::by_key, SplitRule::stratified}) {
    Split split = split_;
    split.rule = rule;
    for (Row row = 0; row < reader.rows(); ++row) split.groups_of_rows.push_back(row % 13 == 0 ? no_group : row % 11);
    const Problem problem = load_training_rows(comm_, reader, split, 3, "");
    std::map<GroupId, std::set<int>> places;  // a fold each, or -1 for held out
    for (std::size_t i = 0; i < problem.origin.size(); ++i)
      places[split.groups_of_rows[static_cast<std::size_t>(problem.origin[i])]].insert(problem.folds[i]);
    std::size_t held_out = 0;
    for_each_labelled_rows(comm_, reader, split, Side::test, [&](const LabelledRows& found) {
      held_out += found.rows.size();
      for (const Row row : found.rows) places[split.groups_of_rows[static_cast<std::size_t>(row)]].insert(-1);
    });
    EXPECT_GT(held_out, 3);
    EXPECT_EQ(held_out + problem.origin.size(), usable_rows(sample_).size());
    EXPECT_GT(places[no_group].size(), 1);
    places.erase(no_group);
    for (const auto& [group, found] : places) EXPECT_EQ(found.size(), 1) << group;
  }
}

TEST_P(TrainingRows, are_where_they_are_said_to_be_and_the_table_says_so) {
  const FeatureReader reader(path_);
  Split split{.seed = 7, .rule = SplitRule::given};
  for (Row row = 0; row < reader.rows(); ++row) split.sides_of_rows.push_back(static_cast<RowSide>(row % 3));
  const Problem problem = load_training_rows(comm_, reader, split, 3, "");
  const SplitTable table = split_table(reader, split, 3, 2, "");
  std::size_t at = 0;
  for (Row row = 0; row < reader.rows(); ++row) {
    const auto i = static_cast<std::size_t>(row);
    const bool usable = std::ranges::binary_search(usable_rows(sample_), row);
    EXPECT_EQ(table.sides[i], usable ? static_cast<RowSide>(row % 3) : RowSide::left_out);
    const bool trains = usable && row % 3 == 0;
    EXPECT_EQ(table.search_folds[i] >= 0, trains);
    EXPECT_EQ(table.folds[i] >= 0, trains);
    if (!trains) continue;
    EXPECT_EQ(problem.origin[at], row);
    EXPECT_EQ(problem.folds[at++], table.folds[i]);
  }
  EXPECT_EQ(at, problem.origin.size());
  split.sides_of_rows.pop_back();
  EXPECT_THROW((void)load_training_rows(comm_, reader, split, 3, ""), Error);
}

TEST(FoldNotes, NameWhatIsTooSmall) {
  const Communicator comm = Communicator::world();
  Problem problem{.rows = 6, .labels = {0, 0, 0, 0, 1, 1}, .folds = {0, 1, 3, 3, 0, 1}};
  EXPECT_EQ(
      fold_notes(comm, problem, {"cats", "dogs"}, 4),
      (std::vector<std::string>{"fold 2 of 4 has no rows and does not count",
                                "a class with fewer rows than the 4 folds, so that some folds have none: dogs (2)"}));
  problem.labels = {0, 0, 0, 0, 0, 1};
  EXPECT_EQ(fold_notes(comm, problem, {"cats", "dogs"}, 3).back(),
            "a class with one training row, which can't be right when it is held out: dogs (1)");
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
