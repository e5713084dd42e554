#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "pool3/baselines.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

BaselineTable sample() {
  BaselineTable t{.config = "{}", .classes = {"a", "b"}, .training_rows = 7, .rows = {2, 5, 9}, .truth = {0, 1, 1}};
  t.features.catalogue_hash = "abc";
  t.split = {.seed = 3, .test_fraction = 0.25, .rule = SplitRule::stratified};
  t.put({.kind = "svm",
         .settings = "{}",
         .accuracy = 1,
         .balanced_accuracy = 1,
         .interval = {1, 1},
         .predicted = {0, 1, 1}});
  BaselineEntry e{.kind = "softmax", .settings = R"({"C":[1.0]})", .accuracy = 1.0 / 3, .interval = {0, 0.5}};
  e.log_loss = 0.7;
  e.C = 10;
  e.search = {{.C = 10, .fold_accuracy = {0.5, -1}, .mean = 0.5}};
  e.predicted = {1, 0, 1};
  t.put(e);
  t.compare();
  return t;
}

std::string written(const test::TemporaryFolder& folder, const std::string& text) {
  std::string path = folder.path("b.json");
  std::ofstream(path) << text;
  return path;
}

TEST(BaselineTable, ComesBackAsItWasWritten) {
  const test::TemporaryFolder folder;
  BaselineTable table = sample();
  table.classes = {"caf\xE9", "C:\\x"};  // what JSON can't hold as it is
  table.model = "m\xFF.h5";
  const std::string text = to_json(table);
  const BaselineTable back = read_baselines(written(folder, text));
  EXPECT_EQ(to_json(back), text);
  EXPECT_EQ(back.classes, table.classes);
  ASSERT_NE(back.find("softmax"), nullptr);
  EXPECT_EQ(back.find("softmax")->paired->only_first, 2);
  EXPECT_EQ(back.find("softmax")->search[0].fold_accuracy, (std::vector<double>{0.5, -1}));
  EXPECT_EQ(back.find("nearest"), nullptr);
}

TEST(BaselineTable, AnEntryTakesThePlaceOfItsKind) {
  BaselineTable t = sample();
  t.put({.kind = "svm", .settings = "{}", .accuracy = 0.5, .predicted = {0, 0, 1}});
  EXPECT_EQ(t.entries.size(), 2);
  t.compare();
  EXPECT_EQ(t.find("softmax")->paired->only_first, 1);
}

TEST(BaselineTable, RefusesWhatCantBe) {
  const test::TemporaryFolder folder;
  const std::string text = to_json(sample());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return test::error_of([&] { return read_baselines(written(folder, changed)); }).cause;
  };
  EXPECT_THAT(with("\"predicted\":[0,1,1]", "\"predicted\":[0,1]"), testing::HasSubstr("numbers that can't be"));
  EXPECT_THAT(with("\"predicted\":[0,1,1]", "\"predicted\":[0,1,2]"), testing::HasSubstr("numbers that can't be"));
  EXPECT_THAT(with("\"truth\":[0,1,1]", "\"truth\":[0,1,-1]"), testing::HasSubstr("numbers that can't be"));
  EXPECT_THAT(with("\"model_bytes\":0", "\"model_bytes\":1e300"), testing::HasSubstr("numbers that can't be"));
  EXPECT_THAT(with("pool3 baselines", "pool3 search"), testing::HasSubstr("is no table of baselines"));
  EXPECT_THAT(with("\"format_version\":1", "\"format_version\":2"), testing::HasSubstr("newer"));
  EXPECT_THAT(with("{", "["), testing::HasSubstr("damaged"));
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THAT(with(R"("settings":{})", R"("settings":)" + deep), testing::HasSubstr("nested too deeply"));
}

}  // namespace
}  // namespace pool3
