#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "pool3/error.hpp"
#include "pool3/index_file.hpp"
#include "support/error_of.hpp"
#include "support/slurp.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

NeighbourIndex sample() {
  return {
      .basis = {.width = 3, .components = 2, .mean = {1, 2, 3}, .directions = {1, 0, 0, 0, 1, 0}, .steps = {0.5F, 2}},
      .sketches = {.codes = {-127, 127, 0, 1}, .lost = {0.25F, 0}, .rest = {0, 1}, .lengths = {3, 1e30}},
      .features_checksum = 0xfedcba9876543210U,
      .features = {.version = "0.1.0", .catalogue_hash = std::string(32, 'c')},
      .config = "{}"};
}

TEST(IndexFile, ReadsWhatWasWritten) {
  const test::TemporaryFolder folder;
  write_index(sample(), folder / "i.h5");
  const NeighbourIndex got = read_index(folder / "i.h5");
  EXPECT_EQ(got.basis.components, 2);
  EXPECT_EQ(got.basis.directions, sample().basis.directions);
  EXPECT_EQ(got.basis.steps, sample().basis.steps);
  EXPECT_EQ(got.sketches.codes, sample().sketches.codes);
  EXPECT_EQ(got.sketches.lengths, sample().sketches.lengths);
  EXPECT_EQ(got.features_checksum, sample().features_checksum);
  EXPECT_EQ(got.features, sample().features);
  EXPECT_EQ(kind_of_file(folder / "i.h5"), "index");
}

TEST(IndexFile, RefusesDamage) {
  const test::TemporaryFolder folder;
  write_index(sample(), folder / "i.h5");
  std::string bytes = test::slurp(folder / "i.h5");
  bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
  std::ofstream(folder / "damaged.h5", std::ios::binary) << bytes;
  EXPECT_NE(test::error_of([&] { static_cast<void>(read_index(folder / "damaged.h5")); }).line, "");
  NeighbourIndex index = sample();
  index.sketches.rest[0] = NAN;
  write_index(index, folder / "nan.h5");
  EXPECT_NE(test::error_of([&] { static_cast<void>(read_index(folder / "nan.h5")); }).line, "");
}

}  // namespace
}  // namespace pool3
