// Copies are counted over all ranks, as one loop over all rows counts them.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "pool3/store/maintenance.hpp"
#include "support/shared_folder.hpp"
#include "support/store_sample.hpp"

namespace pool3::jobs {
namespace {

constexpr std::int64_t rows = 61;

/// Row 0 and every fifth are one picture; of the others, two neighbours each; every seventh was not read.
ImageKey key_of(Row row) { return row % 5 == 0 ? ImageKey{77, 1} : ImageKey{static_cast<std::uint64_t>(row / 2), 2}; }
RowStatus status_of(Row row) {
  constexpr std::array<RowStatus, 3> failed = {RowStatus::missing, RowStatus::corrupt, RowStatus::empty};
  return row % 7 == 3 ? failed[static_cast<std::size_t>(row) % 3] : RowStatus::done;
}

void write(const Communicator& comm, const std::string& path, ImageKey (*key)(Row)) {
  const test::Sample sample(rows);
  FeatureWriter writer = FeatureWriter::open(comm, path, sample.spec());
  for (std::int64_t b = comm.rank(); b < writer.blocks(); b += comm.size()) {
    std::vector<ImageKey> keys;
    std::vector<RowStatus> status;
    std::vector<Failure> failures;
    for (Row r = writer.block(b).begin; r < writer.block(b).end; ++r) {
      keys.push_back(key(r));
      status.push_back(status_of(r));
      if (status_of(r) != RowStatus::done) failures.push_back({r, status_of(r), "p", "m"});
    }
    writer.write_block(b, std::vector<float>(keys.size() * 2048), keys, status, failures);
  }
  writer.finish(comm);
}

/// The same by definition.
CopyCount counted(ImageKey (*key)(Row)) {
  std::map<ImageKey, std::vector<Row>> pictures;
  for (Row r = 0; r < rows; ++r) {
    const bool was_read = status_of(r) != RowStatus::missing && status_of(r) != RowStatus::empty;
    if (was_read) pictures[key(r)].push_back(r);
  }
  CopyCount found;
  for (const auto& [unused, same] : pictures) {
    const auto times = static_cast<std::int64_t>(same.size());
    if (times < 2) continue;
    ++found.pictures;
    found.copies += times - 1;
    if (times > found.most || (times == found.most && same[0] < found.example))
      found.most = times, found.example = same[0];
    const std::vector<std::int32_t> labels = test::Sample(rows).labels;
    const auto label = [&](Row r) { return labels[static_cast<std::size_t>(r)]; };
    const auto first = std::ranges::find_if(same, [&](Row r) { return label(r) >= 0; });
    if (first == same.end()) continue;
    const auto other =
        std::find_if(first, same.end(), [&](Row r) { return label(r) >= 0 && label(r) != label(*first); });
    if (other == same.end()) continue;
    ++found.contradicted;
    if (found.contradiction >= 0 && found.contradiction < *first) continue;
    found.contradiction = *first;
    found.other = *other;
  }
  return found;
}

/// A folder that all ranks share for one file.
class Copies : public testing::Test {
 protected:
  void TearDown() override { comm_.barrier(); }
  void expect_counted(ImageKey (*key)(Row)) {
    write(comm_, path_, key);
    const CopyCount wanted = counted(key);
    for (const std::int64_t step : {1, 7, 1000}) {
      const CopyCount found = count_copies(comm_, path_, step);
      EXPECT_EQ(found.copies, wanted.copies) << "steps of " << step;
      EXPECT_EQ(found.pictures, wanted.pictures);
      EXPECT_EQ(found.most, wanted.most);
      EXPECT_EQ(found.example, wanted.example);
      EXPECT_EQ(found.contradicted, wanted.contradicted);
      EXPECT_EQ(found.contradiction, wanted.contradiction);
      EXPECT_EQ(found.other, wanted.other);
    }
  }

  Communicator comm_ = Communicator::world();
  test::SharedFolder folder_{comm_};
  std::string path_ = folder_ / "f.h5";
};

TEST_F(Copies, are_counted_over_all_ranks) {
  ASSERT_GT(counted(key_of).pictures, 10);
  ASSERT_GT(counted(key_of).contradicted, 1);
  expect_counted(key_of);
}

TEST_F(Copies, of_the_most_frequent_pictures_the_first_is_named) {
  const auto pairs = [](Row r) { return ImageKey{static_cast<std::uint64_t>((rows - r) / 2), 0}; };
  ASSERT_EQ(counted(pairs).most, 2);
  expect_counted(pairs);
}

TEST_F(Copies, of_nothing_are_none) {
  const auto own = [](Row r) { return ImageKey{static_cast<std::uint64_t>(r), 0}; };
  ASSERT_EQ(counted(own).example, -1);
  expect_counted(own);
}

TEST_F(Copies, of_a_file_that_is_not_there_fail_on_every_rank) {
  EXPECT_THROW(static_cast<void>(count_copies(comm_, path_ + ".no")), Error);
}

}  // namespace
}  // namespace pool3::jobs
