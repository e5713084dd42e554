// Ranks fill one file together: every row is that of its picture, the root counts, and a stop can be resumed.

#include <gtest/gtest.h>

#include "support/extraction_fixtures.hpp"
#include "support/shared_folder.hpp"
#include "support/store_sample.hpp"

namespace pool3::extraction::test {
namespace {

constexpr std::int64_t rows = 61;

std::string name_of(Row row) { return (row % 9 == 4 ? "missing-" : "p-") + std::to_string(row); }

/// A folder that all ranks share for one file.
class Filling : public testing::Test {
 protected:
  void SetUp() override {
    sample_.width = FormulaNetwork::columns;
    for (Row row = 0; row < rows; ++row) sample_.paths[static_cast<std::size_t>(row)] = name_of(row);
  }
  void TearDown() override { comm_.barrier(); }

  /// Works on the file with all ranks until it is done or `stop` says so.
  FileOutcome fill(FeatureWriter& writer, const FileWatch& watch) {
    Extraction extraction = extractor_.start(
        {.read = [this](std::string_view path) { return pictures_.read(path); },
         .write =
             [&](const BlockResult& b) { writer.write_block(b.index, b.features, b.keys, b.status, b.failures); }});
    return fill_file(comm_, extraction, writer, watch);
  }
  void expect_right_rows() {
    const FeatureReader reader(path_);
    std::vector<float> features(static_cast<std::size_t>(rows * FormulaNetwork::columns));
    reader.read_blocks(0, reader.blocks(), features);
    const auto status = reader.status();
    for (Row row = comm_.rank(); row < rows; row += comm_.size()) {
      const bool missing = name_of(row).starts_with("missing");
      EXPECT_EQ(status[static_cast<std::size_t>(row)], missing ? RowStatus::missing : RowStatus::done) << row;
      if (missing) continue;
      const auto begin = features.begin() + row * reader.width();
      EXPECT_EQ(std::vector<float>(begin, begin + reader.width()), Pictures::features_of(name_of(row))) << row;
    }
  }

  Communicator comm_ = Communicator::world();
  pool3::test::SharedFolder folder_{comm_};
  std::string path_ = folder_ / "f.h5";
  pool3::test::Sample sample_{rows};
  Pictures pictures_;
  Extractor extractor_{std::make_shared<FormulaNetwork>(), {.batch = 4}};
};

TEST_F(Filling, EveryRowIsThatOfItsPicture) {
  FeatureWriter writer = FeatureWriter::open(comm_, path_, sample_.spec());
  std::int64_t last = 0;
  const FileOutcome end = fill(writer, {.show_progress = [&](const FileProgress& progress) {
                                 EXPECT_GE(progress.done, last);
                                 last = progress.done;
                               }});
  EXPECT_FALSE(end.stopped);
  if (comm_.is_root()) {
    EXPECT_EQ(end.progress.done, rows);
    EXPECT_EQ(end.progress.failed, 7);
    EXPECT_EQ(last, rows);
  }
  const std::vector<RankTally> all = gather(comm_, end.progress.own);
  EXPECT_EQ(all.size(), comm_.is_root() ? static_cast<std::size_t>(comm_.size()) : 0U);
  RankTally sum;
  for (const RankTally& tally : all) sum.images += tally.images, sum.failed += tally.failed;
  if (comm_.is_root()) {
    EXPECT_EQ(sum.images, rows);
    EXPECT_EQ(sum.failed, 7);
  }
  writer.finish(comm_);
  expect_right_rows();
}

TEST_F(Filling, AStopOfOneRankStopsAllAndTheRestIsDoneLater) {
  std::int64_t before = 0;
  {
    FeatureWriter writer = FeatureWriter::open(comm_, path_, sample_.spec());
    std::int64_t mine = 0;
    const bool stops = comm_.rank() == comm_.size() - 1;
    const FileOutcome end = fill(writer, {.wants_stop = [&] { return stops && mine >= 4; },
                                          .show_progress = [&](const FileProgress& p) { mine = p.own.images; }});
    EXPECT_TRUE(end.stopped);
    before = end.progress.done;
  }
  comm_.barrier();
  FeatureWriter writer = FeatureWriter::open(comm_, path_, sample_.spec());
  if (comm_.is_root()) {
    EXPECT_EQ(rows_done(writer), before);
    EXPECT_GT(before, 0);
  }
  EXPECT_FALSE(fill(writer, {}).stopped);
  writer.finish(comm_);
  expect_right_rows();
}

}  // namespace
}  // namespace pool3::extraction::test
