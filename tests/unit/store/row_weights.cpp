// Weights of rows out of any HDF5 file: in one piece they are read by pool3, in chunks by HDF5.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool3/store/features.hpp"
#include "support/error_of.hpp"
#include "support/slurp.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string corpus(const std::string& name) { return POOL3_SOURCE_DIR "/tests/fuzz/corpus/hdf5/" + name; }

std::string refusal(const std::string& path, const std::string& dataset, std::int64_t rows) {
  return test::error_of([&] { static_cast<void>(read_row_weights(path, dataset, rows)); }).line;
}

TEST(RowWeights, are_read_in_one_piece_in_chunks_and_compressed) {
  EXPECT_THAT(read_row_weights(corpus("latest.h5"), "table", 3), ElementsAre(0.5F, 1.5F, 2.5F));
  EXPECT_THAT(read_row_weights(corpus("latest.h5"), "compact", 2), ElementsAre(7, 8));
  for (const char* name : {"chunked", "packed", "/chunked"}) {
    EXPECT_THAT(read_row_weights(corpus("chunks.h5"), name, 8), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7)) << name;
  }
  EXPECT_THAT(read_row_weights(corpus("features.h5"), "status", 5).size(), 5U);
}

TEST(RowWeights, are_refused_with_their_cause) {
  EXPECT_THAT(refusal(corpus("latest.h5"), "table", 4), HasSubstr("one number for each of the 4 rows"));
  EXPECT_THAT(refusal(corpus("chunks.h5"), "chunked", 4), HasSubstr("one number for each of the 4 rows"));
  EXPECT_THAT(refusal(corpus("features.h5"), "labels", 5), HasSubstr("the weight of row 0 is not 0 or a positive"));
  EXPECT_THAT(refusal(corpus("features.h5"), "features", 5), HasSubstr("one number for each of the 5 rows"));
  EXPECT_THAT(refusal(corpus("latest.h5"), "none", 3), HasSubstr("none"));
  const test::TemporaryFolder folder;
  test::spit(folder / "text", "hello");
  EXPECT_THAT(refusal(folder / "text", "table", 3),
              AllOf(StartsWith("read row weights: "), HasSubstr("is not an HDF5 file")));
  const std::string whole = test::slurp(corpus("features.h5"));
  test::spit(folder / "cut.h5", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(refusal(folder / "cut.h5", "labels", 5), HasSubstr("structure: truncated"));
}

}  // namespace
}  // namespace pool3
