// Catalogues with fewer pictures than neighbours are asked for.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "pool3/audit.hpp"
#include "support/store_sample.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t width = 8;

/// Directions of their own; the last row's is nearly that of the first, if `copies`.
std::vector<float> features_of(Row row, Row rows, bool copies) {
  const Row like = copies && row == rows - 1 ? 0 : row;
  std::vector<float> x;
  for (std::int64_t i = 0; i < width; ++i)
    x.push_back(std::sin(static_cast<float>(like * width + i) * 1.7F) + (like == row ? 0 : 1e-3F));
  return x;
}

std::string write(const Communicator& comm, const test::TemporaryFolder& folder, Row rows, bool copies) {
  test::Sample sample(rows);
  sample.width = width;
  std::string path = folder / "f.h5";
  FeatureWriter writer = FeatureWriter::open(comm, path, sample.spec());
  for (std::int64_t b = 0; b < writer.blocks(); ++b) {
    std::vector<float> all;
    std::vector<ImageKey> keys;
    for (Row r = writer.block(b).begin; r < writer.block(b).end; ++r) {
      const auto x = features_of(r, rows, copies);
      all.insert(all.end(), x.begin(), x.end());
      keys.push_back(test::Sample::key(r));
    }
    writer.write_block(b, all, keys, std::vector(keys.size(), RowStatus::done), {});
  }
  writer.finish(comm);
  return path;
}

TEST(FewRows, NearCopiesAreFoundAmongThem) {
  const Communicator comm = Communicator::world();
  for (const Row rows : {3, 4, 19, 20, 21, 22, 40}) {
    const test::TemporaryFolder folder;
    const FeatureReader reader(write(comm, folder, rows, true));
    const NearCopies found = find_near_copies(comm, reader, {}, {});
    ASSERT_EQ(std::ssize(found.representative), rows);
    for (Row r = 0; r < rows; ++r)
      EXPECT_EQ(found.representative[static_cast<std::size_t>(r)], r == rows - 1 ? 0 : r) << rows;
  }
}

TEST(FewRows, OneOrTwoAreNoCopies) {
  const Communicator comm = Communicator::world();
  for (const Row rows : {1, 2, 3}) {
    const test::TemporaryFolder folder;
    const FeatureReader reader(write(comm, folder, rows, false));
    const NearCopies found = find_near_copies(comm, reader, {}, {});
    for (Row r = 0; r < rows; ++r) EXPECT_EQ(found.representative[static_cast<std::size_t>(r)], r) << rows;
    EXPECT_EQ(audit_catalogue(comm, reader, {}).rows, rows);
  }
}

}  // namespace
}  // namespace pool3
