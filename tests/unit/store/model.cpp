// The model file: round trip, damage, wrong files.

#include "pool3/store/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "support/error_of.hpp"
#include "support/store_sample.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

using test::Sample;
using test::slurp;
using test::spit;
using test::TemporaryFolder;
using testing::HasSubstr;

Model make_model(bool calibrated) {
  Model m;
  m.classes = {"bag", "caf\xc3\xa9", "shoe"};
  for (std::size_t i = 0; i < 3 * 2048; ++i) m.coef.push_back(std::sin(static_cast<double>(i)) * 1e-3);
  m.intercept = {-0.25, 0.5, 1e-300};
  m.column_gaps = {1e-5, 2e-5, 3e-5};
  if (calibrated) {
    m.sigmoid_a = {-1.5, -2.5, -3.5};
    m.sigmoid_b = {0.1, 0.2, 0.3};
  }
  m.features = Sample(1).provenance;
  m.loss = "l2";
  m.class_weight = "balanced";
  m.C = 0.125;
  m.bias = 2;
  m.tolerance = 1e-4;
  m.centering = false;
  m.center_scale = 3.5;
  m.seed = 0xfedcba9876543210U;
  m.test_fraction = 0.25;
  m.split = "stratified";
  m.temperature = calibrated ? 0 : 2.5;
  if (calibrated) m.held_out_truth = {0.0, 0.25, 1.0};
  m.calibration_rows = calibrated ? 1900 : 0;
  m.training_rows = 1234567890123;
  m.objective = 17.75;
  m.relative_gap = 9e-5;
  m.epochs = 42;
  m.config = "{\"C\": 0.125}";
  return m;
}

/// With the RBF kernel: three classes, five support vectors of width 4.
Model make_kernel_model(bool halves, Multiclass multiclass) {
  Model m = make_model(true);
  m.kernel = Kernel::rbf;
  m.multiclass = multiclass;
  m.coef.clear();
  m.support = {.as_halves = halves, .labels = {0, 0, 1, 2, 2}, .gamma = 0.0625};
  for (int i = 0; i < 20; ++i)
    m.support.x.push_back(halves ? 0.25F * static_cast<float>(i) : 0.1F * static_cast<float>(i));
  const std::size_t rows = multiclass == Multiclass::one_vs_one ? 2 : 3;
  for (std::size_t i = 0; i < rows * 5; ++i) m.support.dual_coef.push_back(0.5 - static_cast<double>(i));
  return m;
}

void expect_same(const Model& a, const Model& b) {
  EXPECT_EQ(std::tie(a.classes, a.coef, a.intercept, a.sigmoid_a, a.sigmoid_b, a.features, a.column_gaps),
            std::tie(b.classes, b.coef, b.intercept, b.sigmoid_a, b.sigmoid_b, b.features, b.column_gaps));
  EXPECT_EQ(std::tie(a.loss, a.class_weight, a.C, a.bias, a.tolerance, a.centering, a.center_scale, a.seed),
            std::tie(b.loss, b.class_weight, b.C, b.bias, b.tolerance, b.centering, b.center_scale, b.seed));
  EXPECT_EQ(std::tie(a.test_fraction, a.training_rows, a.objective, a.relative_gap, a.epochs, a.config),
            std::tie(b.test_fraction, b.training_rows, b.objective, b.relative_gap, b.epochs, b.config));
  EXPECT_EQ(std::tie(a.temperature, a.split), std::tie(b.temperature, b.split));
  EXPECT_EQ(std::tie(a.held_out_truth, a.calibration_rows), std::tie(b.held_out_truth, b.calibration_rows));
  EXPECT_EQ(std::tie(a.kernel, a.multiclass, a.support), std::tie(b.kernel, b.multiclass, b.support));
}

template <typename Action>
std::string line_of(Action&& action) {
  return test::error_of(std::forward<Action>(action)).line;
}

std::string read_error(const std::string& path) {
  return line_of([&] { static_cast<void>(read_model(path)); });
}

TEST(StoreModel, comes_back_as_it_was) {
  const TemporaryFolder folder;
  for (const bool calibrated : {false, true}) {
    const Model model = make_model(calibrated);
    write_model(model, folder / "m.h5");
    expect_same(read_model(folder / "m.h5"), model);
  }
  EXPECT_EQ(kind_of_file(folder / "m.h5"), "model");
  const std::filesystem::directory_iterator files(folder.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "temporary files are left";
}

TEST(StoreModel, keeps_the_table_of_its_split) {
  const TemporaryFolder folder;
  Model model = make_model(true);
  model.grouped = true;
  write_model(model, folder / "m.h5");
  EXPECT_EQ(read_split_table(folder / "m.h5"), SplitTable());  // as older ones
  model.split_table = {.sides = {RowSide::held_out, RowSide::training, RowSide::left_out}, .folds = {-1, 6, -1}};
  write_model(model, folder / "m.h5");
  EXPECT_EQ(read_split_table(folder / "m.h5"), model.split_table);
  EXPECT_TRUE(read_model(folder / "m.h5").grouped);
  EXPECT_EQ(read_model(folder / "m.h5").split_table, SplitTable());  // not before it is asked for
  model.split_table.search_folds = {1, 2};
  EXPECT_THAT(line_of([&] { write_model(model, folder / "m.h5"); }), HasSubstr("split do not fit"));
}

TEST(StoreModel, has_the_width_of_its_features) {
  const TemporaryFolder folder;
  Model model = make_model(true);
  model.coef.resize(3 * 64);
  write_model(model, folder / "m.h5");
  EXPECT_EQ(read_model(folder / "m.h5").width(), 64);
  expect_same(read_model(folder / "m.h5"), model);
  Sample sample(3);
  sample.classes = model.classes;
  sample.write(Communicator::world(), folder / "wide.h5");
  EXPECT_EQ(features_difference(FeatureReader(folder / "wide.h5"), model), "width: 2048 here, 64 there");
  sample.width = 64;
  sample.write(Communicator::world(), folder / "narrow.h5");
  EXPECT_EQ(features_difference(FeatureReader(folder / "narrow.h5"), model), "");
}

TEST(StoreModel, support_vectors_come_back_as_they_were) {
  const TemporaryFolder folder;
  for (const bool halves : {false, true})
    for (const Multiclass multiclass : {Multiclass::one_vs_rest, Multiclass::one_vs_one}) {
      const Model model = make_kernel_model(halves, multiclass);
      write_model(model, folder / "m.h5");
      const Model back = read_model(folder / "m.h5");
      expect_same(back, model);
      EXPECT_EQ(back.width(), 4);
      EXPECT_EQ(back.columns(), 3);
    }
}

TEST(StoreModel, refuses_support_vectors_that_do_not_fit) {
  const TemporaryFolder folder;
  const auto write_error = [&](const Model& m) { return line_of([&] { write_model(m, folder / "m.h5"); }); };
  const Model good = make_kernel_model(false, Multiclass::one_vs_one);
  Model model = good;
  model.support.dual_coef.pop_back();
  EXPECT_THAT(write_error(model), HasSubstr("dual_coef has 9 values for 3 classes"));
  model = good;
  model.support.x.pop_back();
  EXPECT_THAT(write_error(model), HasSubstr("do not fit each other"));
  model = good;
  std::swap(model.support.labels[0], model.support.labels[4]);
  EXPECT_THAT(write_error(model), HasSubstr("not in order"));
  model = good;
  model.support.gamma = 0;
  EXPECT_THAT(write_error(model), HasSubstr("gamma"));
  model = good;
  model.kernel = Kernel::linear;
  EXPECT_THAT(write_error(model), HasSubstr("one-vs-one"));
}

TEST(StoreModel, same_model_gives_the_same_bytes) {
  const TemporaryFolder folder;
  write_model(make_model(true), folder / "a.h5");
  write_model(make_model(true), folder / "b.h5");
  EXPECT_TRUE(slurp(folder / "a.h5") == slurp(folder / "b.h5"));
}

TEST(StoreModel, refuses_a_model_whose_sizes_do_not_fit) {
  const TemporaryFolder folder;
  const auto write_error = [&](const Model& m) { return line_of([&] { write_model(m, folder / "m.h5"); }); };
  Model model = make_model(true);
  model.intercept.pop_back();
  EXPECT_THAT(write_error(model), HasSubstr("intercept has 2 values for 3 classes"));
  model = make_model(true);
  model.coef.pop_back();
  EXPECT_THAT(write_error(model), HasSubstr("coef has 6143 values for 3 classes"));
  model = make_model(true);
  model.sigmoid_b.clear();
  EXPECT_THAT(write_error(model), HasSubstr("sigmoid_a and sigmoid_b differ"));
  EXPECT_THAT(write_error(Model{}), HasSubstr("no classes"));
  EXPECT_THAT(line_of([&] { write_model(make_model(true), folder / "no/m.h5"); }), HasSubstr("does not exist"));
  EXPECT_FALSE(std::filesystem::exists(folder / "m.h5"));
}

TEST(StoreModel, refuses_numbers_that_are_not_finite) {
  const TemporaryFolder folder;
  const auto write_error = [&](auto&& change) {
    Model model = make_model(true);
    change(model);
    return line_of([&] { write_model(model, folder / "m.h5"); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(write_error([&](Model& m) { m.coef[7] = nan; }), HasSubstr("coef holds a value that is not a finite"));
  EXPECT_THAT(write_error([&](Model& m) { m.sigmoid_a[1] = nan; }), HasSubstr("sigmoid_a holds"));
  EXPECT_THAT(write_error([&](Model& m) { m.sigmoid_b[2] = -infinity; }), HasSubstr("sigmoid_b holds"));
  for (const std::vector<double>& truth : {std::vector<double>{0.5, 0.25}, {-0.1, 0.5}, {0.5, 1.5}, {}})
    EXPECT_THAT(write_error([&](Model& m) { m.held_out_truth = truth; }), HasSubstr("held-out rows are not in order"));
  EXPECT_THAT(write_error([&](Model& m) { m.intercept[0] = infinity; }), HasSubstr("intercept holds"));
  EXPECT_THAT(write_error([&](Model& m) { m.C = nan; }), HasSubstr("C is nan"));
  EXPECT_THAT(write_error([&](Model& m) { m.test_fraction = 1.5; }), HasSubstr("test_fraction is 1.5"));
}

TEST(StoreModel, refuses_other_files) {
  const TemporaryFolder folder;
  const Communicator comm = Communicator::world();
  Sample(3).write(comm, folder / "f.h5");
  write_model(make_model(false), folder / "m.h5");
  EXPECT_THAT(read_error(folder / "f.h5"), HasSubstr("is a pool3 features file, not a pool3 model file"));
  EXPECT_THAT(line_of([&] { FeatureReader reader(folder / "m.h5"); }),
              HasSubstr("is a pool3 model file, not a pool3 features file"));
  EXPECT_THAT(read_error(folder / "none"), HasSubstr("No such file"));
  spit(folder / "text", "hello");
  EXPECT_THAT(read_error(folder / "text"), HasSubstr("is not an HDF5 file"));
}

TEST(StoreModel, refuses_a_configuration_that_no_job_has) {
  const TemporaryFolder folder;
  Model model = make_model(true);
  model.config = R"({"C": )" + std::string(20'000, '[') + std::string(20'000, ']') + "}";
  write_model(model, folder / "m.h5");
  EXPECT_THAT(read_error(folder / "m.h5"), HasSubstr("config: it is nested too deeply"));
  model = make_model(true);
  model.features.config = std::string(20'000, '{');
  write_model(model, folder / "m.h5");
  EXPECT_THAT(read_error(folder / "m.h5"), HasSubstr("features_config: it is nested too deeply"));
}

TEST(StoreModel, random_flips_are_all_found) {
  const TemporaryFolder folder;
  write_model(make_model(true), folder / "m.h5");
  const std::string bytes = slurp(folder / "m.h5");
  std::mt19937_64 random(7);
  for (int i = 0; i < 300; ++i) {
    const std::size_t bit = random() % (bytes.size() * 8);
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ (1U << (bit % 8)));
    spit(folder / "flipped.h5", damaged);
    EXPECT_THROW(static_cast<void>(read_model(folder / "flipped.h5")), Error) << "bit " << bit;
  }
}

}  // namespace
}  // namespace pool3
