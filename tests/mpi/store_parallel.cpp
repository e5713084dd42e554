// The feature store over ranks: the same bytes for any number, errors on every rank, one report.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.hpp"
#include "support/shared_folder.hpp"
#include "support/store_sample.hpp"

namespace pool3 {
namespace {

using test::Sample;
using test::slurp;
using test::spit;
using testing::ElementsAre;

class StoreParallel : public testing::Test {
 protected:
  void TearDown() override { comm_.barrier(); }
  [[nodiscard]] std::string at(const std::string& file) const { return folder_ / file; }
  /// True if every rank threw a collective Error whose text has `part`.
  template <typename Action>
  bool all_throw(const std::string& part, Action&& action) {
    const test::Caught error = test::error_of(std::forward<Action>(action));
    const bool mine = error.collective && error.line.find(part) != std::string::npos;
    EXPECT_TRUE(mine) << error.line;
    return comm_.all(mine);
  }

  Communicator comm_ = Communicator::world();
  test::SharedFolder folder_{comm_};
};

TEST_F(StoreParallel, any_number_of_ranks_gives_the_same_bytes) {
  const Sample sample(45);
  sample.write(comm_, at("all.h5"));
  const Communicator alone = comm_.split(comm_.is_root() ? 0 : 1);
  if (comm_.is_root()) sample.write(alone, at("alone.h5"));
  comm_.barrier();
  const std::string all = slurp(at("all.h5"));
  EXPECT_GT(all.size(), 45U * 8192U);
  EXPECT_TRUE(all == slurp(at("alone.h5")));
}

TEST_F(StoreParallel, any_share_of_the_blocks_gives_the_same_bytes) {
  const Sample sample(45);
  sample.write(comm_, at("round_robin.h5"));
  FeatureWriter writer = FeatureWriter::open(comm_, at("last.h5"), sample.spec());
  // The last rank does all the work, the others none.
  for (std::int64_t b = 0; b < writer.blocks() && comm_.rank() == comm_.size() - 1; ++b) {
    sample.write_block(writer, b);
  }
  writer.finish(comm_);
  EXPECT_TRUE(slurp(at("round_robin.h5")) == slurp(at("last.h5")));
}

TEST_F(StoreParallel, failures_of_all_ranks_arrive_in_order) {
  const Sample sample(45);
  sample.write(comm_, at("f.h5"));
  std::vector<Row> rows;
  for (const Failure& failure : FeatureReader(at("f.h5")).failures()) rows.push_back(failure.row);
  EXPECT_THAT(rows, ElementsAre(3, 10, 17, 24, 31, 38));
}

TEST_F(StoreParallel, the_spec_counts_on_the_root_only) {
  const Sample sample(9);
  const FeatureSpec spec = comm_.is_root() ? sample.spec() : FeatureSpec{};
  FeatureWriter writer = FeatureWriter::open(comm_, at("f.h5"), spec);
  EXPECT_EQ(writer.rows(), 9);
  EXPECT_EQ(writer.block(1), (RowRange{4, 8}));
  EXPECT_EQ(writer.root(), "/data/shop");
  EXPECT_EQ(writer.paths({7, 8}), std::vector<std::string>{sample.paths[7]});
}

TEST_F(StoreParallel, errors_of_create_reach_every_rank) {
  const Sample sample(9);
  const auto create = [&](const std::string& path) {
    static_cast<void>(FeatureWriter::open(comm_, path, sample.spec()));
  };
  EXPECT_TRUE(all_throw("does not exist", [&] { create(at("no/f.h5")); }));
  EXPECT_TRUE(all_throw("is a folder", [&] { create(folder_.path()); }));
}

TEST_F(StoreParallel, finish_with_a_missing_block_fails_on_every_rank) {
  const Sample sample(45);
  FeatureWriter writer = FeatureWriter::open(comm_, at("f.h5"), sample.spec());
  for (std::int64_t b = comm_.rank(); b < writer.blocks(); b += comm_.size()) {
    if (b != 5) sample.write_block(writer, b);
  }
  EXPECT_TRUE(all_throw("row 20 was never written", [&] { writer.finish(comm_); }));
  EXPECT_FALSE(std::filesystem::exists(at("f.h5")));
}

TEST_F(StoreParallel, a_writer_that_is_dropped_leaves_an_unfinished_file) {
  const Sample sample(9);
  {
    FeatureWriter writer = FeatureWriter::open(comm_, at("f.h5"), sample.spec());
    // One rank stops early and alone: dropping the writer must not wait for the others.
    if (comm_.is_root()) sample.write_block(writer, 0);
  }
  comm_.barrier();
  EXPECT_TRUE(std::filesystem::exists(at("f.h5.partial")));
  EXPECT_TRUE(all_throw("run the same command again", [&] { static_cast<void>(verify_features(comm_, at("f.h5"))); }));
  sample.write(comm_, at("f.h5"));
  EXPECT_TRUE(verify_features(comm_, at("f.h5")).problems.empty());
}

TEST_F(StoreParallel, a_file_goes_on_with_other_ranks) {
  const Sample sample(45);
  sample.write(comm_, at("undisturbed.h5"));
  {
    const FeatureSpec spec = sample.spec();
    FeatureWriter writer = FeatureWriter::open(comm_, at("f.h5"), spec);
    // The last rank writes every third block; rows 3, 10, 24 fail among others.
    for (std::int64_t b = 0; b < writer.blocks() && comm_.rank() == comm_.size() - 1; b += 3) {
      sample.write_block(writer, b);
    }
  }
  comm_.barrier();
  const Communicator alone = comm_.split(comm_.is_root() ? 0 : 1);
  if (comm_.is_root()) {
    FeatureWriter writer = FeatureWriter::open(alone, at("f.h5"), sample.spec());
    for (std::int64_t b = 0; b < writer.blocks(); ++b) {
      EXPECT_EQ(writer.done().at(static_cast<std::size_t>(b)), b % 3 == 0) << b;
      if (b == 1) sample.write_block(writer, b);
    }
  }
  comm_.barrier();
  FeatureWriter writer = FeatureWriter::open(comm_, at("f.h5"), sample.spec());
  EXPECT_EQ(writer.done().size(), comm_.is_root() ? 12U : 0U);
  for (std::int64_t b = 0; b < writer.blocks(); ++b) {
    if (b % 3 != 0 && b != 1 && b % comm_.size() == comm_.rank()) sample.write_block(writer, b);
  }
  writer.finish(comm_);
  EXPECT_TRUE(slurp(at("f.h5")) == slurp(at("undisturbed.h5")));
}

TEST_F(StoreParallel, verify_gives_every_rank_the_whole_report) {
  const Sample sample(45);
  sample.write(comm_, at("f.h5"));
  const VerifyReport sound = verify_features(comm_, at("f.h5"));
  EXPECT_THAT(sound.problems, ElementsAre());
  EXPECT_EQ(sound.rows, 45);
  EXPECT_EQ(sound.done, 39);
  EXPECT_EQ(sound.failed, 6);
  EXPECT_EQ(sound.blocks, 12);
  comm_.barrier();
  if (comm_.is_root()) {
    std::string bytes = slurp(at("f.h5"));
    for (const Row row : {Row{2}, Row{40}}) {
      const float value = Sample::feature(row, 9);
      const std::size_t where = bytes.find(std::string(reinterpret_cast<const char*>(&value), sizeof value));
      ASSERT_NE(where, std::string::npos);
      bytes[where] = static_cast<char>(bytes[where] ^ 1);
    }
    spit(at("f.h5"), bytes);
  }
  comm_.barrier();
  EXPECT_THAT(verify_features(comm_, at("f.h5")).problems,
              ElementsAre("rows 0 to 3: wrong checksum", "rows 40 to 43: wrong checksum"));
  EXPECT_TRUE(all_throw("No such file", [&] { static_cast<void>(verify_features(comm_, at("none.h5"))); }));
}

}  // namespace
}  // namespace pool3
