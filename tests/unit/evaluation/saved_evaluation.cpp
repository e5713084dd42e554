#include <gtest/gtest.h>

#include "pool3/error.hpp"
#include "pool3/evaluation/measures.hpp"

namespace pool3 {
namespace {

TEST(SavedEvaluation, IsWhatWasWritten) {
  const Evaluation e = evaluate_counts({"a", "b\xff", "c"}, {3, 1, 0, 2, 5, 0, 0, 0, 0});
  EXPECT_NEAR(e.accuracy, 8.0 / 11, 1e-12);
  EXPECT_NEAR(e.balanced_accuracy, (3.0 / 4 + 5.0 / 7) / 2, 1e-12);
  const Measures m{.accuracy_interval = {0.4, 0.9},
                   .top5_accuracy = 1,
                   .probabilities = true,
                   .log_loss = 0.5,
                   .brier = 0.25,
                   .calibration_error = 0.125,
                   .reliability = {{.low = 0, .high = 1, .rows = 11, .confidence = 0.7, .accuracy = 0.75}}};
  const SavedEvaluation again = evaluation_of_json(to_json(e, m, "held-out"));
  EXPECT_EQ(again.evaluation.confusion, e.confusion);
  EXPECT_EQ(again.evaluation.classes[1], "b\xff");
  EXPECT_EQ(again.evaluation.accuracy, e.accuracy);
  EXPECT_EQ(again.evaluation.per_class[1].recall, e.per_class[1].recall);
  EXPECT_EQ(again.measures.accuracy_interval.high, 0.9);
  EXPECT_EQ(again.measures.brier, 0.25);
  ASSERT_EQ(again.measures.reliability.size(), 1U);
  EXPECT_EQ(again.measures.reliability[0].rows, 11);
  EXPECT_EQ(again.rows, "held-out");
}

TEST(SavedEvaluation, RefusesWhatIsNone) {
  for (const char* text : {"", "[]", "{}", R"({"format": "pool3 evaluation"})",
                           R"({"format": "pool3 evaluation", "classes": ["a"], "confusion_matrix": [[1, 2]]})",
                           R"({"format": "pool3 evaluation", "classes": ["a"], "confusion_matrix": [[-1]]})",
                           R"({"format": "pool3 evaluation", "classes": ["a"], "confusion_matrix": [[0.5]]})"})
    EXPECT_THROW((void)evaluation_of_json(text), Error) << text;
}

TEST(SavedEvaluation, RefusesNumbersThatCantBe) {
  const auto with = [](const std::string& counts, const std::string& more) {
    return R"({"format": "pool3 evaluation", "classes": ["a", "b"], "confusion_matrix": )" + counts + more + "}";
  };
  const auto bin = [](const std::string& rows, const std::string& accuracy) {
    return R"(, "log_loss": 1, "reliability": [{"low": 0, "high": 1, "confidence": 0.5, "rows": )" + rows +
           R"(, "accuracy": )" + accuracy + "}]";
  };
  EXPECT_NO_THROW((void)evaluation_of_json(with("[[3, 1], [0, 2]]", bin("6", "0.5"))));
  // Sums of these would overflow.
  EXPECT_THROW((void)evaluation_of_json(with("[[9000000000000000000, 9000000000000000000], [0, 0]]", "")), Error);
  // More rows than there are, over which an interval would be summed up; a share above 1, for which it has no end.
  EXPECT_THROW((void)evaluation_of_json(with("[[3, 1], [0, 2]]", bin("1000000000000000000", "0.5"))), Error);
  EXPECT_THROW((void)evaluation_of_json(with("[[3, 1], [0, 2]]", bin("6", "1.5"))), Error);
  EXPECT_THROW((void)evaluation_of_json(with("[[3, 1], [0, 2]]", R"(, "top5_accuracy": -1)")), Error);
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THROW((void)evaluation_of_json(with("[[3, 1], [0, 2]]", R"(, "reliability": )" + deep)), Error);
}

}  // namespace
}  // namespace pool3
