// How large a feature file is planned to be.

#include "commands/extract/dry_run.hpp"

#include <gtest/gtest.h>

namespace pool3::jobs {
namespace {

TEST(DryRun, AFileIsItsRowsAndTheirPaths) {
  Manifest manifest;
  for (const char* path : {"a", "bb", "a longer path", "d"}) manifest.paths.push_back(path);
  constexpr double rest = 4 + 32 + 1;  // label, key, status
  const auto bytes = [&](RowRange rows, FeatureType type) {
    return planned_bytes(manifest, rows, {2048, 2, type}) - 8192;
  };
  EXPECT_EQ(bytes({0, 4}, FeatureType::float32), 4 * (4 * 2048 + rest + 13) + 2 * 8);
  EXPECT_EQ(bytes({0, 4}, FeatureType::float16), 4 * (2 * 2048 + rest + 13) + 2 * 8);
  EXPECT_EQ(bytes({0, 2}, FeatureType::float32), 2 * (4 * 2048 + rest + 2) + 8);  // a part has its own longest path
  EXPECT_EQ(bytes({3, 3}, FeatureType::float32), 0);
}

}  // namespace
}  // namespace pool3::jobs
