#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>

#include "pool3/error.hpp"
#include "pool3/store/index_file.hpp"
#include "support/error_of.hpp"
#include "support/slurp.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

NeighbourIndex sample() {
  return {.basis = {.width = 3,
                    .components = 2,
                    .mean = {0.1, -0.2, 1},
                    .directions = {1, 0, 0, 0, -1, 0},
                    .steps = {0.5F, 1}},
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
}

/// With a new seal: distances of such numbers are none, and sorting by them would go astray.
TEST(IndexFile, RefusesNumbersThatCantBe) {
  const test::TemporaryFolder folder;
  const auto refused = [&](const std::function<void(NeighbourIndex&)>& change) {
    NeighbourIndex index = sample();
    change(index);
    write_index(index, folder / "i.h5");
    return test::error_of([&] { static_cast<void>(read_index(folder / "i.h5")); }).cause;
  };
  const std::string cause = "a number is none that an index has";
  EXPECT_EQ(refused([](NeighbourIndex& i) { i.sketches.rest[0] = NAN; }), cause);
  EXPECT_EQ(refused([](NeighbourIndex& i) { i.basis.mean[1] = 1e308; }), cause);
  EXPECT_EQ(refused([](NeighbourIndex& i) { i.basis.directions[1] = -1e300; }), cause);
  EXPECT_EQ(refused([](NeighbourIndex& i) { i.basis.steps[1] = -1; }), cause);
  EXPECT_EQ(refused([](NeighbourIndex& i) { i.sketches.lost[0] = -1e-9F; }), cause);
  EXPECT_EQ(refused([](NeighbourIndex& i) { i.sketches.lengths[1] = INFINITY; }), cause);
  EXPECT_EQ(refused([](NeighbourIndex& i) { i.sketches.lengths[1] = 1e300; }), cause);
}

}  // namespace
}  // namespace pool3
