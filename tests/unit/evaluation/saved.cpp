#include <gtest/gtest.h>

#include "pool3/error.hpp"
#include "pool3/measures.hpp"

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
  EXPECT_EQ(again.evaluation.classes[1], "b\\xff");
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
                           R"({"format": "pool3 evaluation", "classes": ["a"], "confusion_matrix": [[-1]]})"})
    EXPECT_THROW((void)evaluation_of_json(text), Error) << text;
}

}  // namespace
}  // namespace pool3
