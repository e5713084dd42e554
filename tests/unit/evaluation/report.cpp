#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pool3/evaluation/measures.hpp"
#include "support/mpi_environment.hpp"

namespace pool3 {
namespace {

const auto* const mpi = testing::AddGlobalTestEnvironment(new test::MpiEnvironment);

// The example of scikit-learn's documentation of classification_report.
TEST(Evaluation, ReportAsScikitLearnPrintsIt) {
  const Communicator comm = Communicator::world();
  const Evaluation e =
      evaluate_predictions(comm, {"class 0", "class 1", "class 2"}, std::vector<std::int32_t>{0, 1, 2, 2, 2},
                           std::vector<std::int32_t>{0, 0, 2, 2, 1});
  EXPECT_EQ(classification_report(e),
            "              precision    recall  f1-score   support\n"
            "\n"
            "     class 0       0.50      1.00      0.67         1\n"
            "     class 1       0.00      0.00      0.00         1\n"
            "     class 2       1.00      0.67      0.80         3\n"
            "\n"
            "    accuracy                           0.60         5\n"
            "   macro avg       0.50      0.56      0.49         5\n"
            "weighted avg       0.70      0.60      0.61         5\n");
  EXPECT_EQ(e.confusion, (std::vector<std::int64_t>{1, 0, 0, 1, 0, 0, 0, 1, 2}));
  const auto j = nlohmann::json::parse(to_json(e, {}, "all"));
  EXPECT_EQ(j["confusion_matrix"][2][2], 2);
  EXPECT_DOUBLE_EQ(j["accuracy"], 0.6);
}

TEST(Evaluation, ClassesThatDoNotOccurAreLeftOutOfTheMean) {
  const Communicator comm = Communicator::world();
  const Evaluation e = evaluate_predictions(comm, {"a", "b", "unused"}, std::vector<std::int32_t>{0, 1},
                                            std::vector<std::int32_t>{0, 1});
  EXPECT_DOUBLE_EQ(e.macro.f1, 1.0);
  EXPECT_EQ(classification_report(e).find("unused"), std::string::npos);
}

TEST(Evaluation, NoRowsAtAll) {
  const Communicator comm = Communicator::world();
  const Evaluation e = evaluate_predictions(comm, {"a", "b"}, std::vector<std::int32_t>{}, std::vector<std::int32_t>{});
  EXPECT_EQ(e.macro.support, 0);
  EXPECT_DOUBLE_EQ(e.accuracy, 0.0);
}

}  // namespace
}  // namespace pool3
