// The loop that feeds an extractor: every block of a list once, with its own rows; a feed decides when it ends.

#include <gtest/gtest.h>

#include <set>

#include "support/extraction_fixtures.hpp"

namespace pool3::extraction::test {
namespace {

ExtractionJob job_of(const Pictures& pictures) {
  return {.read = [&pictures](std::string_view path) { return pictures.read(path); }};
}

std::vector<std::string> names(int count) {
  std::vector<std::string> all;
  all.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) all.push_back("p-" + std::to_string(i));
  return all;
}

TEST(Feeds, AListBecomesBlocksInAnyOrder) {
  const Pictures pictures;
  const Extractor extractor(std::make_shared<FormulaNetwork>(), {.batch = 4, .threads = 3});
  Extraction extraction = extractor.start(job_of(pictures));
  const auto paths = names(103);
  std::set<std::int64_t> blocks;
  extract_list(extraction, paths, 5, [&](const BlockResult& block) {
    EXPECT_TRUE(blocks.insert(block.index).second);
    EXPECT_EQ(block.status, std::vector(block.index == 20 ? 3 : 5, RowStatus::done));
    EXPECT_EQ(row_of(block, 1), Pictures::features_of(paths[static_cast<std::size_t>(block.index * 5 + 1)]));
  });
  EXPECT_EQ(blocks.size(), 21U);
  EXPECT_EQ(extraction.in_flight(), 0);
}

TEST(Feeds, AnExtractionTakesOneListAfterAnother) {
  const Pictures pictures;
  const Extractor extractor(std::make_shared<FormulaNetwork>(), {});
  Extraction extraction = extractor.start(job_of(pictures));
  for (int round = 0; round < 3; ++round) {
    int rows = 0;
    extract_list(extraction, names(20), 16,
                 [&](const BlockResult& block) { rows += static_cast<int>(block.status.size()); });
    EXPECT_EQ(rows, 20);
  }
  extract_list(extraction, {}, 16, [](const BlockResult&) { ADD_FAILURE() << "a block of an empty list"; });
}

/// Gives one block after another and ends without waiting for the last ones.
class ImpatientFeed : public BlockFeed {
 public:
  explicit ImpatientFeed(Extraction& extraction) : extraction_(extraction) {}
  std::optional<BlockTask> next() override {
    if (given_ == 10 || !extraction_.wants_more()) return std::nullopt;
    return block_of(given_++, "p", 0, 16);
  }
  void finished(const BlockResult&) override {
    if (++finished_ == 2) extraction_.drop_waiting();
  }
  [[nodiscard]] bool ended() const override { return finished_ >= 2; }
  [[nodiscard]] double wait_seconds() const override { return 0.001; }

 private:
  Extraction& extraction_;
  int given_ = 0, finished_ = 0;
};

TEST(Feeds, AFeedMayEndBeforeItsBlocksDo) {
  const Pictures pictures;
  const Extractor extractor(std::make_shared<FormulaNetwork>(), {.threads = 2});
  Extraction extraction = extractor.start(job_of(pictures));
  ImpatientFeed feed(extraction);
  extraction.run(feed);
  EXPECT_LT(extraction.in_flight(), 9);
}

TEST(Feeds, WhatAFeedThrowsEndsTheRun) {
  const Pictures pictures;
  const Extractor extractor(std::make_shared<FormulaNetwork>(), {});
  Extraction extraction = extractor.start(job_of(pictures));
  const auto throws = [](const BlockResult&) { throw usage_error("enough"); };
  EXPECT_THROW(extract_list(extraction, names(3), 16, throws), Error);
}

TEST(Feeds, ValuesThatDoNotFitIntoHalfPrecisionAreFailures) {
  const Pictures pictures;
  class Large : public FormulaNetwork {
   public:
    void features(std::span<const float> input, int count, std::span<float> out) const override {
      FormulaNetwork::features(input, count, out);
      for (float& value : out) value = 70000;
    }
  };
  const Extractor extractor(std::make_shared<Large>(), {});
  for (const FeatureType type : {FeatureType::float32, FeatureType::float16}) {
    ExtractionJob job = job_of(pictures);
    job.type = type;
    Extraction extraction = extractor.start(std::move(job));
    const RowStatus expected = type == FeatureType::float32 ? RowStatus::done : RowStatus::network_failed;
    extract_list(extraction, names(2), 16,
                 [&](const BlockResult& block) { EXPECT_EQ(block.status, std::vector(2, expected)); });
  }
}

}  // namespace
}  // namespace pool3::extraction::test
