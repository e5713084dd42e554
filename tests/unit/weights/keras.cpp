#include "weights/makers/keras.hpp"

#include "support/network_fixtures.hpp"

namespace pool3::weights {
namespace {

using test::slurp;
using testing::HasSubstr;

std::string refusal(const std::string& name) {
  const test::TemporaryFolder folder;
  return test::error_of(
             [&] { (void)read_weights(folder.write("k.h5", slurp(POOL3_SOURCE_DIR "/tests/fuzz/corpus/" + name))); })
      .line;
}

TEST(KerasH5, AnotherFileIsRefused) {
  const test::TemporaryFolder folder;
  const ErrorFields& error = test::error_of(
      [&] { (void)read_weights(folder.write("k.h5", slurp(POOL3_SOURCE_DIR "/tests/fuzz/corpus/keras/tiny.h5"))); });
  EXPECT_EQ(error.stage, "read weights");
  EXPECT_EQ(error.path, folder.path("k.h5"));
  EXPECT_THAT(error.cause, HasSubstr("1 layers 'conv2d' instead of 94"));
}

// What is wrong with the structure is said of the weights file, with advice.
TEST(KerasH5, StructureIsReported) {
  EXPECT_THAT(refusal("hdf5/many.h5"), testing::AllOf(HasSubstr("an HDF5 file with groups with links in a heap"),
                                                      HasSubstr("save_weights, uncompressed")));
  std::string bytes = slurp(POOL3_SOURCE_DIR "/tests/fuzz/corpus/keras/tiny.h5");
  bytes.resize(200);
  const test::TemporaryFolder folder;
  EXPECT_THAT(test::error_of([&] { (void)read_weights(folder.write("k.h5", bytes)); }).cause,
              HasSubstr("a broken HDF5 file: truncated"));
}

}  // namespace
}  // namespace pool3::weights
