#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "pool3/error.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/map_file.hpp"
#include "support/error_of.hpp"
#include "support/slurp.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

CatalogueMap sample() {
  return {.rows = {0, 2, 5},
          .positions = {1, 2, NAN, NAN, -3.5F, 4},
          .method = "t-SNE, exact",
          .perplexity = 0.5,
          .steps = 10,
          .seed = 3,
          .laid_out = 2,
          .judged = 3,
          .quality = {0.9, 0.5},
          .pca = {0.8, 0.25},
          .features = {.version = "0.1.0", .catalogue_hash = std::string(32, 'c')},
          .config = "{}"};
}

TEST(MapFile, ReadsWhatWasWritten) {
  const test::TemporaryFolder folder;
  write_map(sample(), folder / "map.h5");
  const CatalogueMap got = read_map(folder / "map.h5");
  EXPECT_EQ(got.rows, sample().rows);
  EXPECT_EQ(got.positions[4], -3.5F);
  EXPECT_TRUE(std::isnan(got.positions[2]));
  EXPECT_EQ(got.quality, sample().quality);
  EXPECT_EQ(got.pca, sample().pca);
  EXPECT_EQ(got.seed, 3U);
  EXPECT_EQ(got.features, sample().features);
  EXPECT_EQ(kind_of_file(folder / "map.h5"), "map");
  write_map(sample(), folder / "again.h5");
  EXPECT_EQ(test::slurp(folder / "map.h5"), test::slurp(folder / "again.h5"));
}

TEST(MapFile, WithoutRows) {
  const test::TemporaryFolder folder;
  CatalogueMap map = sample();
  map.rows.clear();
  map.positions.clear();
  write_map(map, folder / "map.h5");
  EXPECT_TRUE(read_map(folder / "map.h5").rows.empty());
}

TEST(MapFile, RefusesWhatNoMapHas) {
  const test::TemporaryFolder folder;
  const auto refused = [&](auto&& change) {
    CatalogueMap map = sample();
    change(map);
    return test::error_of([&] { write_map(map, folder / "map.h5"); }).line;
  };
  EXPECT_NE(refused([](CatalogueMap& m) { m.rows = {0, 2, 2}; }), "");
  EXPECT_NE(refused([](CatalogueMap& m) { m.rows = {-1, 2, 3}; }), "");
  EXPECT_NE(refused([](CatalogueMap& m) { m.positions.pop_back(); }), "");
  EXPECT_NE(refused([](CatalogueMap& m) { m.positions[0] = std::numeric_limits<float>::infinity(); }), "");
  EXPECT_NE(refused([](CatalogueMap& m) { m.positions[0] = NAN; }), "");
  EXPECT_NE(refused([](CatalogueMap& m) { m.quality.trustworthiness = 1.5; }), "");
  EXPECT_NE(refused([](CatalogueMap& m) { m.pca.neighbours_kept = NAN; }), "");
  EXPECT_NE(refused([](CatalogueMap& m) { m.perplexity = 0; }), "");
}

TEST(MapFile, IsNamedWhereAnotherFileIsWanted) {
  const test::TemporaryFolder folder;
  write_map(sample(), folder / "map.h5");
  EXPECT_THAT(test::error_of([&] { const FeatureReader reader(folder / "map.h5"); }).line,
              testing::HasSubstr("is a pool3 map file, not a pool3 features file"));
}

TEST(MapFile, EveryByteIsChecked) {
  const test::TemporaryFolder folder;
  write_map(sample(), folder / "map.h5");
  const std::string bytes = test::slurp(folder / "map.h5");
  for (std::size_t at = 0; at < bytes.size(); at += 97) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    const std::string path = folder.write("flipped.h5", flipped);
    EXPECT_NE(test::error_of([&] { static_cast<void>(read_map(path)); }).line, "") << "byte " << at;
  }
}

}  // namespace
}  // namespace pool3
