// A file over the parts of one extraction shows what one file of all of it would.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool3/store/maintenance.hpp"
#include "support/error_of.hpp"
#include "support/store_sample.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

using test::Sample;
using testing::HasSubstr;

class Link : public testing::Test {
 protected:
  /// Part `part` of two.
  std::string write(const Sample& sample, std::int64_t part) {
    FeatureSpec spec = sample.spec();
    spec.part = part;
    spec.parts = 2;
    std::string path = folder_ / ("part" + std::to_string(part));
    FeatureWriter writer = FeatureWriter::open(comm_, path, spec);
    for (std::int64_t b = 0; b < writer.blocks(); ++b) sample.write_block(writer, b);
    writer.finish(comm_);
    return path;
  }

  Communicator comm_ = Communicator::world();
  test::TemporaryFolder folder_;
  const std::string out_ = folder_ / "link.h5";
};

TEST_F(Link, RowsPathsAndFailuresFollowEachOther) {
  const Sample first(9);
  Sample second(12);
  second.paths[5] = "shoes/" + std::string(300, 'y') + ".jpg";  // longer than any of the first part
  link_features(out_, {write(second, 2), write(first, 1)});     // in whatever order
  const FeatureReader reader(out_);
  ASSERT_EQ(reader.rows(), 21);
  std::vector<std::string> paths = first.paths;
  paths.insert(paths.end(), second.paths.begin(), second.paths.end());
  EXPECT_EQ(reader.paths({0, 21}), paths);
  std::vector<Row> failed;
  for (const Failure& failure : reader.failures()) {
    failed.push_back(failure.row);
    EXPECT_EQ(failure.path, paths[static_cast<std::size_t>(failure.row)]);
  }
  EXPECT_EQ(failed, (std::vector<Row>{3, 9 + 3, 9 + 10}));
}

TEST_F(Link, PartsOfAnotherJobAreRefused) {
  const Sample first(9);
  Sample second(12);
  second.provenance.precision = "bf16";
  const std::vector<std::string> parts = {write(first, 1), write(second, 2)};
  EXPECT_THAT(test::error_of([&] { link_features(out_, parts); }).line,
              HasSubstr("part2: is of another job than part1: precision: "));
}

}  // namespace
}  // namespace pool3
