#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "pool3/files.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using ::testing::HasSubstr;

constexpr uid_t nobody = 65534;

/// What `action` throws for a user who is not root, or "".
std::string error_of_nobody(const std::function<void()>& action) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (getuid() == 0 && setuid(nobody) != 0) _exit(1);
    std::string line;
    try {
      action();
    } catch (const Error& error) {
      line = error.what();
    }
    _exit(write(ends[1], line.data(), line.size()) < 0 ? 1 : 0);
  }
  close(ends[1]);
  std::string line(4096, '\0');
  const ssize_t got = read(ends[0], line.data(), line.size());
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  line.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return line;
}

class Checks : public ::testing::Test {
 protected:
  [[nodiscard]] Place at(const std::string& name) const { return {"check", folder_ / name}; }
  test::TemporaryFolder folder_;
};

TEST_F(Checks, AnOutputNeedsAFolderThatIsThere) {
  folder_.write("file", "x");
  check_output(at("new"));
  check_output(at("file"));
  check_output({"check", "a-bare-name"});
  EXPECT_THAT(error_of([&] { check_output(at("no/f")); }).line,
              HasSubstr("no/f: the folder " + (folder_ / "no") + " does not exist (create it first)"));
  EXPECT_THAT(error_of([&] { check_output(at("file/f")); }).cause, HasSubstr("file is not a folder"));
  for (const char* name : {"", "no/", "."}) {
    EXPECT_EQ(error_of([&] { check_output({"check", *name == 0 ? "" : folder_ / name}); }).cause, "is a folder");
  }
}

TEST_F(Checks, AnOutputNeedsPermission) {
  fs::permissions(folder_.path(), fs::perms(0555));
  const Place place = at("f");
  EXPECT_EQ(error_of_nobody([&] { check_output(place); }),
            "check: " + folder_.path() + ": Permission denied (the output goes there)");
  EXPECT_THAT(error_of_nobody([&] { write_whole_file(place, "x"); }), HasSubstr(place.path + ": Permission denied"));
  fs::permissions(folder_.path(), fs::perms(0777));
  EXPECT_EQ(error_of_nobody([&] { check_output(place); }), "");
}

TEST_F(Checks, AFolderThatMayOnlyBeWrittenGetsItsFile) {
  fs::permissions(folder_.path(), fs::perms(0333));
  const Place place = at("f");
  EXPECT_EQ(error_of_nobody([&] { write_whole_file(place, "x"); }), "");
  fs::permissions(folder_.path(), fs::perms(0755));
  EXPECT_EQ(test::slurp(place.path), "x");
}

TEST_F(Checks, ASourceIsAFileThatCanBeRead) {
  folder_.write("file", "1234");
  check_source(at("file"));
  EXPECT_EQ(file_bytes(at("file")), 4);
  EXPECT_THAT(error_of([&] { check_source(at("none")); }).cause, HasSubstr("No such file"));
  EXPECT_EQ(error_of([&] { check_source({"check", folder_.path()}); }).cause, "is a folder");
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::permissions(folder_ / "file", fs::perms(0000));
  const Place file = at("file");
  EXPECT_THAT(error_of_nobody([&] { check_source(file); }), HasSubstr("Permission denied"));
}

TEST_F(Checks, AnOutputHasANameThatFileSystemsTake) {
  check_output(at(std::string(255, 'x')));
  EXPECT_THAT(error_of([&] { check_output(at(std::string(256, 'x'))); }).cause, HasSubstr("name too long"));
}

void make_socket(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  const int number = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(number, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(number);
}

TEST_F(Checks, ASourceIsNoPipeDeviceOrSocket) {
  alarm(20);  // who opens a pipe and waits for its writer ends here
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0666), 0);
  make_socket(folder_ / "socket");
  fs::create_symlink("/dev/zero", folder_ / "device");
  fs::create_symlink("pipe", folder_ / "link");
  for (const auto& [name, kind] :
       {std::pair("pipe", "a pipe"), {"link", "a pipe"}, {"socket", "a socket"}, {"device", "a device"}}) {
    const std::string cause = "is " + std::string(kind) + ", not a regular file";
    const Place place = at(name);
    EXPECT_EQ(error_of([&] { return open_source(place).is_open(); }).cause, cause) << name;
    EXPECT_EQ(error_of([&] { check_source(place); }).cause, cause) << name;
    EXPECT_EQ(error_of([&] { return read_source(place, 10); }).cause, cause) << name;
  }
  alarm(0);
}

TEST_F(Checks, ASourceIsReadWholeIfItIsNotTooLarge) {
  folder_.write("file", "1234");
  EXPECT_EQ(read_source(at("file"), 4), "1234");
  EXPECT_EQ(error_of([&] { return read_source(at("file"), 3); }).cause, "has 4 bytes; 3 are read at most");
  EXPECT_EQ(error_of([&] { return read_source({"check", folder_.path()}, 3); }).cause, "is a folder");
  EXPECT_THAT(error_of([&] { return open_source(at("none"), "look").is_open(); }).line,
              HasSubstr("none: No such file or directory (look)"));
}

TEST_F(Checks, SpaceIsThatOfTheFileSystem) {
  check_space(at("f"), 1);
  EXPECT_THAT(error_of([&] { check_space(at("f"), std::int64_t{1} << 60); }).cause,
              HasSubstr("needs 1048576.0 TiB, but its file system has "));
}

TEST_F(Checks, FoldersAreMadeWithTheirParents) {
  make_folder(at("a/b/c"));
  make_folder(at("a/b/c"));
  EXPECT_TRUE(fs::is_directory(folder_ / "a/b/c"));
  folder_.write("file", "x");
  EXPECT_THAT(error_of([&] { make_folder(at("file/a")); }).cause, HasSubstr("can't make this folder: Not a directory"));
}

TEST_F(Checks, RemovingWhatIsNotThereIsNoError) {
  folder_.write("file", "x");
  remove_file(at("file"));
  remove_file(at("file"));
  EXPECT_FALSE(file_exists(folder_ / "file"));
  EXPECT_THAT(error_of([&] { remove_file({"check", folder_.path()}); }).cause, HasSubstr("Is a directory"));
}

TEST_F(Checks, TheFolderOfAPath) {
  EXPECT_EQ(folder_of("f"), ".");
  EXPECT_EQ(folder_of("/f"), "/");
  EXPECT_EQ(folder_of("a/b/f"), "a/b");
}

}  // namespace
}  // namespace pool3
