#include "weights/containers/hdf5_file.hpp"

#include "support/network_fixtures.hpp"
#include "weights/makers/keras.hpp"

namespace pool3::weights {
namespace {

using test::slurp;
using testing::HasSubstr;

/// What h5py wrote: conv2d_7/conv2d_7/kernel:0 of 0 ... 5, conv2d_7/half, conv2d_7/whole, a soft link.
const std::string& tiny() {
  static const std::string bytes = slurp(POOL3_SOURCE_DIR "/tests/fuzz/corpus/keras/tiny.h5");
  return bytes;
}

/// Reads everything that can be reached.
void read_all(const Hdf5File& file, Hdf5File::Address at, int depth = 0) {
  const auto links = file.links(at);
  for (const auto& [name, address] : links) {
    if (depth < 8) read_all(file, address, depth + 1);
  }
  if (links.empty()) (void)file.dataset(at);
}

std::string refusal(const std::string& bytes) {
  try {
    const Hdf5File file(bytes);
    read_all(file, file.root());
  } catch (const FormatError& error) {
    return error.what();
  }
  return "accepted";
}

/// The tiny file with `with` written `offset` bytes after the first `mark`.
std::string edited(const std::string& mark, std::size_t offset, const std::string& with) {
  std::string bytes = tiny();
  const std::size_t at = bytes.find(mark);
  EXPECT_NE(at, std::string::npos);
  return bytes.replace(at + offset, with.size(), with);
}

TEST(Hdf5File, ReadsWhatH5pyWrote) {
  const Hdf5File file(tiny());
  const auto top = file.links(file.root());
  ASSERT_EQ(top.size(), 1U) << "links that lead elsewhere are left out";
  const auto layer = file.links(top.at("conv2d_7"));
  EXPECT_EQ(layer.size(), 3U);
  const auto kernel = file.dataset(file.links(layer.at("conv2d_7")).at("kernel:0"));
  EXPECT_EQ(kernel.shape, (Shape{1, 2, 3}));
  EXPECT_EQ(floats_of(kernel.bytes, *kernel.type), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  const auto half = file.dataset(layer.at("half"));
  EXPECT_EQ(floats_of(half.bytes, *half.type), (std::vector<float>{1, -2}));
  EXPECT_FALSE(file.dataset(layer.at("whole")).type);
  EXPECT_EQ(refusal(tiny()), "accepted");
}

TEST(Hdf5File, RefusesBrokenStructure) {
  EXPECT_THAT(refusal(tiny().substr(0, 8)), HasSubstr("too early"));
  EXPECT_THAT(refusal(tiny().substr(0, tiny().size() - 1)), HasSubstr("truncated"));
  EXPECT_THAT(refusal(edited("\x89HDF", 8, "\x02")), HasSubstr("newer layout"));
  EXPECT_THAT(refusal(slurp(POOL3_SOURCE_DIR "/tests/fuzz/corpus/keras/newer_group.h5")), HasSubstr("newer layout"));
  EXPECT_THAT(refusal(edited("\x89HDF", 13, "\x04")), HasSubstr("8 bytes"));
  EXPECT_THAT(refusal(edited("\x89HDF", 64, std::string(8, '\xfe'))), HasSubstr("too early"));
  EXPECT_THAT(refusal(edited("TREE", 0, "BUSH")), HasSubstr("no tree"));
  EXPECT_THAT(refusal(edited("TREE", 5, "\xff")), HasSubstr("wrong levels"));
  EXPECT_THAT(refusal(edited("TREE", 5, "\x01")), HasSubstr("no tree"));
  EXPECT_THAT(refusal(edited("SNOD", 0, "SNOW")), HasSubstr("no symbols"));
  EXPECT_THAT(refusal(edited("SNOD", 6, "\xff\xff")), HasSubstr("a broken HDF5 file"));
  EXPECT_THAT(refusal(edited("SNOD", 8, std::string(8, '\x7f'))), HasSubstr("outside its heap"));
  EXPECT_THAT(refusal(edited("HEAP", 8, std::string(8, '\xff'))), HasSubstr("too early"));
}

// The root's only group is the root again, so that names nest without end.
TEST(Hdf5File, EndsInCircles) {
  std::string bytes = tiny();
  const std::string root = bytes.substr(64, 8);
  const Hdf5File file(tiny());
  const Hdf5File::Address inner = file.links(file.root()).at("conv2d_7");
  const std::string from(reinterpret_cast<const char*>(&inner), sizeof inner);
  const std::size_t symbols = bytes.find("SNOD");
  bytes.replace(bytes.find(from, symbols), 8, root);
  const Hdf5File loop(bytes);
  const auto forever = [&] {
    for (;;) read_all(loop, loop.root());
  };
  EXPECT_THAT(
      [&] {
        try {
          forever();
        } catch (const FormatError& error) {
          return std::string(error.what());
        }
        return std::string();
      }(),
      HasSubstr("in circles"));
}

TEST(KerasH5, AnotherFileIsRefused) {
  const test::TemporaryFolder folder;
  const ErrorFields error = test::error_of([&] { (void)read_weights(folder.write("k.h5", tiny())); });
  EXPECT_EQ(error.stage, "read weights");
  EXPECT_EQ(error.path, folder.path("k.h5"));
  EXPECT_THAT(error.cause, HasSubstr("1 layers 'conv2d' instead of 94"));
}

}  // namespace
}  // namespace pool3::weights
