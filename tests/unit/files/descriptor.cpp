#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "pool3/files.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

using test::error_of;
using test::slurp;
using ::testing::HasSubstr;

bool is_open(int number) { return fcntl(number, F_GETFD) >= 0; }

TEST(Descriptor, ReadsAndWritesAtOffsets) {
  const test::TemporaryFolder folder;
  const Descriptor file({"test", folder / "f"}, O_RDWR | O_CREAT);
  file.write(3, "def");
  file.write(0, "abc");
  EXPECT_EQ(file.size(), 6);
  std::array<std::byte, 10> bytes{};
  EXPECT_EQ(file.read(4, bytes), 2U);
  EXPECT_EQ(bytes[0], std::byte{'e'});
  EXPECT_EQ(file.read(6, bytes), 0U);
  file.truncate(2);
  file.reserve();
  file.sync();
  EXPECT_EQ(slurp(folder / "f"), "ab");
}

TEST(Descriptor, ClosesOnceAndMoves) {
  const test::TemporaryFolder folder;
  Descriptor file({"test", folder.write("f", "x")}, O_RDONLY);
  const int number = file.number();
  EXPECT_TRUE(is_open(number));
  EXPECT_NE(fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
  Descriptor other = std::move(file);
  EXPECT_FALSE(file.is_open());  // NOLINT(bugprone-use-after-move): that is the contract
  EXPECT_EQ(other.number(), number);
  other = Descriptor();
  EXPECT_FALSE(is_open(number));
}

TEST(Descriptor, SaysWhyAFileCantBeOpened) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(error_of([&] {
              return Descriptor({"look", folder / "none"}, O_RDONLY);
            }).line,
            "look: " + (folder / "none") + ": No such file or directory");
  EXPECT_FALSE(Descriptor::try_open({"look", folder / "none"}, O_RDONLY).is_open());
  EXPECT_EQ(errno, ENOENT);
  EXPECT_THAT(error_of([&] {
                return Descriptor({"make", folder / "no/f"}, O_WRONLY | O_CREAT);
              }).advice,
              HasSubstr("check the folder"));
}

TEST(Descriptor, AFullDeviceIsAnErrorWithAdvice) {
  const Descriptor full({"fill", "/dev/full"}, O_WRONLY);
  EXPECT_EQ(error_of([&] { full.write(0, "x"); }).line,
            "fill: /dev/full: No space left on device (make room on its file system, then run the same command again)");
}

}  // namespace
}  // namespace pool3
