// Files with names that others can guess, in folders that they may write to.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "pool3/files.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::slurp;
using ::testing::HasSubstr;

class OpenOwn : public ::testing::Test {
 protected:
  [[nodiscard]] std::string cause(int flags) const {
    return error_of([&] { return try_open_own(place_, flags); }).cause;
  }
  test::TemporaryFolder folder_;
  const Place place_{"test", folder_ / "f.lock"};
};

TEST_F(OpenOwn, MakesAndFindsAFile) {
  EXPECT_FALSE(try_open_own(place_, O_RDWR).is_open());
  EXPECT_THAT(error_of([&] { return open_own(place_, O_RDWR); }).cause, HasSubstr("No such file"));
  open_own(place_, O_RDWR | O_CREAT).write(0, "mine");
  EXPECT_TRUE(try_open_own(place_, O_RDONLY).is_open());
  EXPECT_EQ(slurp(place_.path), "mine");
}

TEST_F(OpenOwn, FollowsNoLink) {
  folder_.write("victim", "precious");
  for (const char* target : {"victim", "not-there"}) {
    fs::create_symlink(target, place_.path);
    for (const int flags : {O_RDONLY, O_RDWR, O_RDWR | O_CREAT}) EXPECT_EQ(cause(flags), "is a symbolic link");
    fs::remove(place_.path);
  }
  EXPECT_FALSE(file_exists(folder_ / "not-there"));
  fs::create_hard_link(folder_ / "victim", place_.path);
  EXPECT_THAT(cause(O_RDWR | O_CREAT), HasSubstr("hard link"));
  EXPECT_EQ(slurp(folder_ / "victim"), "precious");
}

TEST_F(OpenOwn, WaitsForNoPipe) {
  ASSERT_EQ(mkfifo(place_.path.c_str(), 0666), 0);
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR | O_CREAT}) EXPECT_EQ(cause(flags), "is no regular file");
}

TEST_F(OpenOwn, TakesNoFileOfOthersWhereAnybodyMayPutOne) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to make a file of another user";
  constexpr uid_t somebody = 65534;
  folder_.write("f.lock", "planted");
  ASSERT_EQ(chown(place_.path.c_str(), somebody, somebody), 0);
  EXPECT_TRUE(try_open_own(place_, O_RDWR).is_open());  // a folder of one's own, or of a group
  ASSERT_EQ(chmod(folder_.path().c_str(), 01777), 0);
  EXPECT_EQ(cause(O_RDWR), "belongs to another user");
  EXPECT_EQ(error_of([&] { return try_open_own(place_, O_RDWR); }).advice, "remove it, or write to another folder");
  ASSERT_EQ(chown(folder_.path().c_str(), somebody, somebody), 0);
  // The folder's owner may remove and put what he likes anyway.
  EXPECT_TRUE(try_open_own(place_, O_RDWR).is_open());
}

}  // namespace
}  // namespace pool3
