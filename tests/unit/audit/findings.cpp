// What is listed of a catalogue, and what is not.

#include "audit/findings.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "support/store_sample.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::audit {
namespace {

class Findings : public testing::Test {
 protected:
  /// Rows with these labels and contents, all done and on one side.
  Catalogue catalogue(const std::vector<std::int32_t>& labels, const std::vector<std::uint64_t>& contents) {
    test::Sample sample(std::ssize(labels));
    sample.width = 2;
    sample.labels = labels;
    sample.classes = {"a", "b", "c"};
    sample.write(Communicator::world(), folder_ / "f.h5");
    reader_.emplace(folder_ / "f.h5");
    Catalogue made(*reader_, {});
    for (std::size_t i = 0; i < labels.size(); ++i) {
      made.keys[i] = {.high = 0, .low = contents[i]};
      made.status[i] = RowStatus::done;
      made.held_out[i] = false;
    }
    return made;
  }

  test::TemporaryFolder folder_;
  std::optional<FeatureReader> reader_;
};

TEST_F(Findings, SameBytesSuggestWhatMostCopiesAre) {
  const AuditList list = same_bytes(catalogue({0, 0, 1, 2, 2, -1}, {7, 7, 7, 8, 8, 7}));
  ASSERT_EQ(list.findings.size(), 3U);  // two copies of one class are no finding, nor is one without a label
  EXPECT_EQ(list.findings[0].row, 2);
  EXPECT_EQ(list.findings[0].suggested, "a");
  EXPECT_DOUBLE_EQ(list.findings[0].score, 2.0 / 3);
  EXPECT_EQ(list.findings[1].suggested, "");
}

TEST_F(Findings, SameBytesSuggestNothingWhereVotesAreEven) {
  for (const Finding& f : same_bytes(catalogue({0, 1}, {7, 7})).findings) EXPECT_EQ(f.suggested, "") << f.row;
}

TEST_F(Findings, NearCopiesAreTheOtherPairsWithTheMostHarmFirst) {
  Catalogue c = catalogue({0, 0, 1, 0, 0, -1}, {1, 2, 1, 4, 5, 6});
  c.held_out[4] = true;
  const NearCopies copies{.limit = 1,
                          .representative = {0, 0, 0, 3, 3, 4},
                          .distance = {0, 0.5, 0, 0, 0.5, 0.5},
                          .by_picture = std::vector<bool>(6)};
  const AuditList list = near_copies(c, copies);
  std::vector<std::pair<Row, std::string>> found;
  for (const Finding& f : list.findings) found.emplace_back(f.row, f.where);
  // Row 2 has the bytes of row 0 and another label: that is in same_bytes. A row without a label is on no side.
  const std::vector<std::pair<Row, std::string>> wanted = {
      {5, "across classes"}, {4, "across the split"}, {1, "within a class"}};
  EXPECT_EQ(found, wanted);
}

TEST_F(Findings, AClassOfEnoughPicturesIsNotSmall) {
  const AuditList list = small_classes(catalogue({0, 0, 1, 1, 1, -1}, {1, 2, 3, 4, 5, 6}), 3);
  ASSERT_EQ(list.findings.size(), 2U);
  EXPECT_EQ(list.findings[0].label, "c");
  EXPECT_EQ(list.findings[1].label, "a");
  EXPECT_EQ(list.findings[1].rows, 2);
}

}  // namespace
}  // namespace pool3::audit
