// What a search leaves for the one that resumes it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "pool3/selection.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

using testing::HasSubstr;

class Journal : public testing::Test {
 protected:
  /// The search with these flags.
  [[nodiscard]] SearchJournal journal(const std::string& config = R"({"C": [0.1, 1], "folds": 2})") const {
    return {comm_, out_, {features_, config}};
  }
  [[nodiscard]] static SearchResult result_of(const std::vector<double>& grid) {
    SearchResult result;
    for (const double C : grid)
      result.points.push_back({.C = C,
                               .fold_accuracy = {0.5, -1},
                               .mean = 0.5,
                               .deviation = 0.1,
                               .fold_scores = {0.5, std::numeric_limits<double>::quiet_NaN()},
                               .score = 0.5,
                               .relative_gap = 1e-3,
                               .epochs = 7,
                               .seconds = 0.25});
    result.fold_rows = {12, 0};
    return result;
  }
  [[nodiscard]] std::int64_t files() const {
    const std::filesystem::directory_iterator all(folder_.path());
    return std::distance(begin(all), end(all));
  }

  Communicator comm_ = Communicator::world();
  test::TemporaryFolder folder_;
  const std::string out_ = folder_ / "search.json";
  const Provenance features_{.weights_sha256 = "a", .precision = "fp32", .catalogue_hash = "c"};
};

TEST_F(Journal, GivesBackPointsAndState) {
  const SearchJournal mine = journal();
  EXPECT_TRUE(mine.recall().memory.points.empty());
  mine.keep(result_of({0.1}), "state after one");
  mine.keep(result_of({0.1, 1}), std::string("state\0after two", 15));
  EXPECT_EQ(files(), 2);                                                      // points, and the last state alone
  const auto [memory, note] = journal(R"({"C": [5], "folds": 2})").recall();  // other values of C may be tried
  EXPECT_EQ(note, "");
  ASSERT_EQ(memory.points.size(), 2);
  EXPECT_EQ(memory.points[1].C, 1);
  EXPECT_EQ(memory.points[1].fold_accuracy, (std::vector<double>{0.5, -1}));
  EXPECT_EQ(memory.points[1].epochs, 7);
  EXPECT_EQ(memory.fold_rows, (std::vector<std::int64_t>{12, 0}));
  EXPECT_EQ(memory.state, std::string("state\0after two", 15));
  SearchJournal::remove(comm_, out_);
  EXPECT_EQ(files(), 0);
}

TEST_F(Journal, OfAnotherSearchDoesNotCount) {
  journal().keep(result_of({0.1}), "state");
  const auto other = journal(R"({"C": [0.1, 1], "folds": 3})").recall();
  EXPECT_TRUE(other.memory.points.empty());
  EXPECT_THAT(other.note, HasSubstr("is of another search (--folds: 3 here, 2 there): starting anew"));
  Provenance features = features_;
  features.precision = "bf16";
  const auto others = SearchJournal(comm_, out_, {features, "{}"}).recall();
  EXPECT_THAT(others.note, HasSubstr("(the features' precision)"));
  const SearchedBy by_landmarks{features_, R"({"C": [0.1, 1], "folds": 2})", 120};
  const auto over_landmarks = SearchJournal(comm_, out_, by_landmarks).recall();
  EXPECT_TRUE(over_landmarks.memory.points.empty());
  EXPECT_THAT(over_landmarks.note, HasSubstr("(120 landmarks here, 0 there)"));
  SearchJournal(comm_, out_, by_landmarks).keep(result_of({0.1}), "state");
  EXPECT_EQ(SearchJournal(comm_, out_, by_landmarks).recall().memory.points.size(), 1);
}

/// The grid is what points are looked for in: another one, or one that grows, takes those that it has.
TEST_F(Journal, OfAnotherGridCounts) {
  journal(R"({"C": [0.1], "gamma": [1], "extend": false, "folds": 2})").keep(result_of({0.1}), "state");
  const auto [memory, note] = journal(R"({"C": [5], "gamma": [2], "extend": true, "folds": 2})").recall();
  EXPECT_EQ(note, "");
  EXPECT_EQ(memory.points.size(), 1);
}

/// A rank's state is of its share of the rows.
TEST_F(Journal, OfOtherRanksGivesPointsAlone) {
  journal().keep(result_of({0.1}), "state");
  const std::string points = out_ + ".points";
  auto other = nlohmann::json::parse(test::slurp(points));
  other["ranks"] = 2;
  test::spit(points, other.dump());
  const auto [memory, note] = journal().recall();
  EXPECT_EQ(note, "");
  EXPECT_EQ(memory.points.size(), 1);
  EXPECT_EQ(memory.state, "");
}

TEST_F(Journal, ForgetsWhatHalvingHasDropped) {
  SearchResult result = result_of({0.1, 1, 10});
  result.points[1].dropped = true;
  journal().keep(result, "state");
  const auto [memory, note] = journal().recall();
  EXPECT_EQ(note, "");
  ASSERT_EQ(memory.points.size(), 2);
  EXPECT_EQ(memory.points[1].C, 10);
}

TEST_F(Journal, ThatIsDamagedDoesNotCount) {
  journal().keep(result_of({0.1}), "state");
  const std::string state = out_ + ".state-1-0", points = out_ + ".points";
  std::string bytes = test::slurp(state);
  bytes.back() ^= 1;
  test::spit(state, bytes);
  EXPECT_EQ(journal().recall().memory.points.size(), 1);
  EXPECT_EQ(journal().recall().memory.state, "");
  test::spit(points, "{\"points\": ");
  const auto found = journal().recall();
  EXPECT_TRUE(found.memory.points.empty());
  EXPECT_THAT(found.note, HasSubstr("search.json.points is damaged: starting anew"));
}

TEST_F(Journal, ThatIsNestedTooDeeplyDoesNotCount) {
  journal().keep(result_of({0.1}), "state");
  const std::string points = out_ + ".points", deep = std::string(100'000, '[') + std::string(100'000, ']');
  std::string text = test::slurp(points);
  text.replace(text.rfind("\"folds\": 2"), 10, "\"folds\": " + deep);  // which is compared with this search's, as text
  test::spit(points, text);
  EXPECT_THAT(journal().recall().note, HasSubstr("search.json.points is damaged: starting anew"));
}

TEST_F(Journal, WithNumbersThatNoSearchGivesDoesNotCount) {
  const std::string points = out_ + ".points";
  journal().keep(result_of({0.1, 1}), "state");
  const auto sound = nlohmann::json::parse(test::slurp(points));
  const auto is_damaged = [&](const char* where, const nlohmann::json& value) {
    auto changed = sound;
    changed[nlohmann::json::json_pointer(where)] = value;
    test::spit(points, changed.dump());
    const auto found = journal().recall();
    return found.memory.points.empty() && found.note.find("is damaged: starting anew") != std::string::npos;
  };
  EXPECT_FALSE(is_damaged("/points/0/C", 0.2));
  for (const char* where : {"/points/0/mean", "/points/1/fold_accuracy/0", "/points/1/deviation"}) {
    for (const double value : {99.0, -0.5, 1.0001, 0.6}) {
      const bool possible = std::string(where).ends_with("deviation") && value == 0.6;
      EXPECT_NE(is_damaged(where, value), possible) << where << " " << value;
    }
  }
  // 0.51 of 12 rows is no number of rows, though the mean fits.
  EXPECT_TRUE(is_damaged("/points/0", {{"C", 0.1},
                                       {"mean", 0.51},
                                       {"deviation", 0},
                                       {"fold_accuracy", {0.51, nullptr}},
                                       {"relative_gap", 0},
                                       {"epochs", 1},
                                       {"seconds", 1}}));
  for (const char* where : {"/points/0/C", "/points/0/relative_gap", "/points/0/epochs", "/points/0/seconds"})
    EXPECT_TRUE(is_damaged(where, -1)) << where;
  EXPECT_TRUE(is_damaged("/points/0/fold_accuracy/1", 0.5));  // of a fold without rows
  EXPECT_TRUE(is_damaged("/points/0/fold_accuracy", {0.5}));
  EXPECT_TRUE(is_damaged("/fold_rows/0", -12));
  for (const char* where : {"/points/0/score", "/points/0/fold_scores/0"}) {
    for (const double value : {99.0, -0.5, 0.6}) EXPECT_TRUE(is_damaged(where, value)) << where << " " << value;
  }
  EXPECT_TRUE(is_damaged("/points/0/fold_scores/1", 0.5));  // of a fold without rows
  EXPECT_TRUE(is_damaged("/points/0/fold_scores", nlohmann::json::array({0.5})));
  EXPECT_TRUE(is_damaged("/points/0/mean", nullptr));
  // By accuracy, a score that is not the accuracy, though the mean of the scores fits.
  nlohmann::json point = sound["points"][0];
  point["fold_scores"][0] = point["score"] = 0.25;
  EXPECT_TRUE(is_damaged("/points/0", point));
}

TEST_F(Journal, TheTableHasNullForAFoldWithoutRows) {
  const auto j = nlohmann::json::parse(search_table(result_of({0.1}), {features_, "{\"folds\": 2}"}));
  EXPECT_EQ(j["format"], "pool3 search");
  EXPECT_EQ(j["fold_rows"], (std::vector<int>{12, 0}));
  EXPECT_TRUE(j["points"][0]["fold_accuracy"][1].is_null());
  EXPECT_EQ(j["features"]["catalogue_hash"], "c");
  EXPECT_EQ(j["config"]["folds"], 2);
}

TEST_F(Journal, LeavesWhatAnotherSearchIsWriting) {
  const SearchJournal mine = journal();
  const std::string writing = out_ + ".state-1-0.this-host.1.0123456789abcdef.tmp";
  test::spit(writing, "half a state");
  mine.keep(result_of({0.1, 1}), "state after two");
  SearchJournal::remove(comm_, out_);
  EXPECT_TRUE(std::filesystem::exists(writing));
  EXPECT_EQ(files(), 1);
}

}  // namespace
}  // namespace pool3
