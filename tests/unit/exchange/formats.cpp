// The bytes that other programs read. tests/e2e/solver/exporting.py and width.py let those programs read them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "pool3/error.hpp"
#include "pool3/exchange.hpp"
#include "support/network_fixtures.hpp"

namespace pool3 {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Model small_model(std::size_t classes) {
  Model model;
  for (std::size_t k = 0; k < classes; ++k) {
    model.classes.push_back(k == 1 ? "caf\xc3\xa9" : "class" + std::to_string(k));
    for (int j = 0; j < 3; ++j) model.coef.push_back(static_cast<double>(k) + 0.25 * j);
    model.intercept.push_back(-static_cast<double>(k));
  }
  model.loss = "l2";
  return model;
}

std::string exported(std::string_view format, const Model& model) {
  return find_export_format(format).bytes({model, "1.2.3", {}});
}

TEST(ExportFormats, HaveNamesOfTheirOwnAndSayWhatTheyHold) {
  std::set<std::string_view> names;
  for (const ExportFormat& format : export_formats()) {
    EXPECT_TRUE(names.insert(format.name).second);
    EXPECT_FALSE(format.holds.empty());
    EXPECT_EQ(&find_export_format(format.name), &format);
  }
  try {
    (void)find_export_format("pickle");
    ADD_FAILURE() << "an unknown format was found";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("--format must be liblinear, libsvm, npz, onnx or torchscript"));
  }
}

TEST(Liblinear, IsATextOfOneLineAFeature) {
  EXPECT_EQ(exported("liblinear", small_model(3)),
            "solver_type L2R_L2LOSS_SVC_DUAL\nnr_class 3\nlabel 0 1 2\nnr_feature 3\nbias 1\nw\n"
            "0 1 2 \n0.25 1.25 2.25 \n0.5 1.5 2.5 \n-0 -1 -2 \n");
}

TEST(Liblinear, OfTwoClassesHasOneColumnAndOfOneNone) {
  Model model = small_model(2);
  model.loss = "l1";
  EXPECT_EQ(exported("liblinear", model),
            "solver_type L2R_L1LOSS_SVC_DUAL\nnr_class 2\nlabel 0 1\nnr_feature 3\nbias 1\nw\n-1 \n-1 \n-1 \n1 \n");
  EXPECT_THROW((void)exported("liblinear", small_model(1)), Error);
}

TEST(Npz, IsAZipOfArraysThatAreAlwaysTheSame) {
  Model model = small_model(3);
  const std::string bytes = exported("npz", model);
  EXPECT_THAT(bytes, StartsWith("PK\3\4"));
  EXPECT_THAT(bytes, HasSubstr("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 3), }"));
  EXPECT_THAT(bytes, HasSubstr("{'descr': '<U6', 'fortran_order': False, 'shape': (3,), }"));
  EXPECT_THAT(bytes, HasSubstr(std::string(reinterpret_cast<const char*>(model.coef.data()), 9 * sizeof(double))));
  EXPECT_THAT(bytes, HasSubstr(std::string("c\0\0\0a\0\0\0f\0\0\0\xe9\0\0\0", 16)));
  EXPECT_THAT(bytes, testing::Not(HasSubstr("sigmoid_a.npy")));
  EXPECT_EQ(bytes, exported("npz", model));
  model.sigmoid_a = model.sigmoid_b = {1, 2, 3};
  EXPECT_THAT(exported("npz", model), HasSubstr("sigmoid_b.npy"));
}

TEST(Onnx, NamesTheProgramTheClassesAndTheWidth) {
  const std::string bytes = exported("onnx", small_model(3));
  EXPECT_THAT(bytes, HasSubstr("1.2.3"));
  EXPECT_THAT(bytes, HasSubstr("class0\ncaf\xc3\xa9\nclass2\n"));
  EXPECT_THAT(bytes, HasSubstr("transB"));
  EXPECT_EQ(bytes, exported("onnx", small_model(3)));
}

TEST(Onnx, HasNamesThatOtherProgramsCanRead) {
  Model model = small_model(3);
  model.classes = {"caf\xe9", "two\nlines", "back\\slash"};  // ONNX's texts are UTF-8
  const std::string bytes = exported("onnx", model);
  EXPECT_EQ(valid_utf8("caf\xe9"), 3U);
  EXPECT_THAT(bytes, testing::Not(HasSubstr("caf\xe9")));
  EXPECT_THAT(bytes, HasSubstr("caf\\xe9\ntwo\\nlines\nback\\slash\n"));  // a line each
  EXPECT_THAT(bytes, HasSubstr("two\nlines"));                            // the label itself
}

// What they make of pictures: tests/e2e/phone/pictures.py.
std::string with_pictures(const Model& model, const Weights& weights, bool quantised) {
  return find_export_format("onnx").bytes({model, "1.2.3", [&] { return weights; }, true, quantised});
}

Model picture_model() {
  Model model = small_model(2);
  model.coef.assign(std::size_t{2} * 2048, 0.5);
  return model;
}

TEST(Onnx, OfPicturesHasTheNetworkInAQuarterOfTheBytesOnRequest) {
  const Weights weights = test::made_up_weights();
  const std::string whole = with_pictures(picture_model(), weights, false);
  const std::string small = with_pictures(picture_model(), weights, true);
  EXPECT_LT(static_cast<double>(small.size()), 0.26 * static_cast<double>(whole.size()));
  EXPECT_THAT(whole, HasSubstr("uint8 [N, height, width, channels]"));
  EXPECT_THAT(small, HasSubstr("Mixed_7c.branch_pool.weight.codes"));
  EXPECT_EQ(small, with_pictures(picture_model(), weights, true));
}

TEST(Onnx, OfPicturesNeedsAModelOfTheNetworksFeatures) {
  try {
    (void)with_pictures(small_model(2), test::made_up_weights(), false);
    ADD_FAILURE() << "a model of another width was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the model takes 3 numbers, and the network gives 2048"));
  }
  Weights program;
  program.torchscript = "an archive";
  EXPECT_THROW((void)with_pictures(picture_model(), program, false), Error);
}

}  // namespace
}  // namespace pool3
