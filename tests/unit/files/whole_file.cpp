#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <set>

#include "pool3/files.hpp"
#include "pool3/files/process.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"
#include "unit/files/calls.hpp"

namespace pool3 {
namespace {

namespace fs = std::filesystem;
using test::calls;
using test::error_of;
using test::slurp;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class WholeFile : public ::testing::Test {
 protected:
  void SetUp() override { calls() = {}; }
  void TearDown() override { calls() = {}; }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) names.push_back(entry.path().filename());
    return names;
  }
  /// The error of a write over an old file, which must stay, with nothing beside it.
  test::Caught error_over_old() {
    test::spit(path_, "old");
    test::Caught error = error_of([&] { write_whole_file(place_, "the new content"); });
    calls() = {};
    EXPECT_EQ(slurp(path_), "old");
    EXPECT_THAT(names(), ElementsAre("f.json"));
    EXPECT_EQ(error.stage, "write a test");
    EXPECT_EQ(error.path, path_);
    return error;
  }

  test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "f.json";
  const Place place_{"write a test", path_};
};

TEST_F(WholeFile, HoldsAllPartsAndNothingIsBesideIt) {
  const std::array<std::string_view, 4> parts = {"one ", "", "two ", "three"};
  write_whole_file(place_, parts);
  EXPECT_EQ(slurp(path_), "one two three");
  write_whole_file(place_, "shorter");
  EXPECT_EQ(slurp(path_), "shorter");
  write_whole_file(place_, "");
  EXPECT_EQ(slurp(path_), "");
  EXPECT_THAT(names(), ElementsAre("f.json"));
}

/// What the names of temporaries of `path_` look like.
constexpr const char* temporary_pattern = R"(f\.json\.[-+_A-Za-z0-9]*\.[0-9]+\.[0-9a-f]+\.tmp)";

TEST_F(WholeFile, SyncsTheFileThenRenamesThenSyncsTheFolder) {
  write_whole_file(place_, "x");
  const std::string beside = folder_ / temporary_pattern;
  EXPECT_THAT(calls().record, ElementsAre(MatchesRegex("fsync " + beside),
                                          MatchesRegex("rename " + beside + " " + path_), "fsync " + folder_.path()));
}

TEST_F(WholeFile, SyncsTheWorkingFolderForABareName) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_.path());
  write_whole_file({"write a test", "f.json"}, "x");
  fs::current_path(before);
  EXPECT_EQ(calls().record.back(), "fsync " + folder_.path());
  EXPECT_EQ(slurp(path_), "x");
}

TEST_F(WholeFile, SyncsNothingWhereThatIsNotWanted) {
  write_whole_file(place_, "x", {.durable = false});
  EXPECT_THAT(calls().record, ElementsAre(MatchesRegex("rename .*" + std::string(temporary_pattern) + " " + path_)));
}

TEST_F(WholeFile, EveryWriteHasATemporaryOfItsOwn) {
  std::set<std::string> names;
  for (int i = 0; i < 3; ++i) {
    make_whole_file(place_, [&](const Place& beside) {
      names.insert(beside.path);
      EXPECT_TRUE(fs::is_empty(beside.path));
      make_whole_file(place_, [&](const Place& inner) { names.insert(inner.path); });
      EXPECT_TRUE(file_exists(beside.path));  // a writer that lives keeps its own
    });
  }
  EXPECT_EQ(names.size(), 6U);
}

TEST_F(WholeFile, ALongNameHasAShorterTemporary) {
  std::string name = std::string(166, 'a') + "\u00e4\u00e4" + std::string(85, 'b');
  ASSERT_EQ(name.size(), 255U);
  const Place place{"write a test", folder_ / name};
  make_whole_file(place, [&](const Place& beside) {
    const std::string made = fs::path(beside.path).filename();
    EXPECT_LE(made.size(), 255U);
    EXPECT_TRUE(made.starts_with(name.substr(0, 166) + "."));  // cut between characters
  });
  EXPECT_TRUE(file_exists(place.path));
}

/// Four processes write one file, over and over. Whoever reads it finds one of theirs, whole.
TEST_F(WholeFile, OfSimultaneousWritersTheLastWholeFileWins) {
  constexpr std::size_t bytes = 300'000;
  std::vector<pid_t> writers;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    writers.push_back(fork());
    if (writers.back() != 0) continue;
    try {
      for (int round = 0; round < 30; ++round) write_whole_file(place_, std::string(bytes, letter));
    } catch (...) {
      _exit(1);
    }
    _exit(0);
  }
  std::size_t left = writers.size();
  while (left > 0) {
    int status = 0;
    if (waitpid(-1, &status, WNOHANG) > 0) {
      --left;
      EXPECT_EQ(status, 0);
    }
    if (!file_exists(path_)) continue;
    const std::string found = slurp(path_);
    EXPECT_EQ(found, std::string(bytes, found.empty() ? ' ' : found[0])) << "torn";
  }
  EXPECT_THAT(names(), ElementsAre("f.json"));
}

/// The name that a writer of this test with this process id would have.
std::string beside_of(const std::string& folder, pid_t pid) {
  std::string made;
  make_whole_file({"write a test", folder + "/f.json"}, [&](const Place& place) { made = place.path; });
  const std::string own = "." + std::to_string(getpid()) + ".";
  const std::size_t at = made.rfind(own);
  return made.substr(0, at) + "." + std::to_string(pid) + ".0123456789abcdef.tmp";
}

TEST_F(WholeFile, WhatAKilledWriterLeftIsRemovedByTheNextOne) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  const std::string dead = beside_of(folder_.path(), child);
  const std::string alive = beside_of(folder_.path(), getppid());
  const std::string elsewhere = folder_ / "f.json.another-node.1.0123456789abcdef.tmp";
  const std::string old = folder_ / "f.json.third-node.1.0123456789abcdef.tmp";
  for (const std::string& file : {dead, alive, elsewhere, old}) test::spit(file, "half");
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(25));
  write_whole_file(place_, "x", {.sweep = false});
  EXPECT_TRUE(file_exists(dead));
  write_whole_file(place_, "x");
  EXPECT_FALSE(file_exists(dead));
  EXPECT_FALSE(file_exists(old));
  EXPECT_TRUE(file_exists(alive));
  EXPECT_TRUE(file_exists(elsewhere));
}

TEST_F(WholeFile, AZombieHasDied) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t ended{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);  // it stays a zombie
  EXPECT_FALSE(process_runs(child));
  EXPECT_EQ(process_state(child), 'Z');
  const std::string dead = beside_of(folder_.path(), child);
  test::spit(dead, "half");
  write_whole_file(place_, "x");
  EXPECT_FALSE(file_exists(dead));
  waitpid(child, nullptr, 0);
}

TEST(Process, RunsUntilItHasEnded) {
  EXPECT_TRUE(process_runs(getpid()));
  EXPECT_EQ(process_state(getpid()), 'R');  // it asks
  EXPECT_TRUE(process_runs(1));             // of another user, where this one is not root
  EXPECT_FALSE(process_runs(0));
  EXPECT_FALSE(process_runs(-1));
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(process_runs(child));
  EXPECT_EQ(process_state(child), '?');
}

TEST_F(WholeFile, NamesOfOthersAreLeftAlone) {
  const std::vector<std::string> theirs = {"f.json.tmp",
                                           "f.json.a.1.tmp",
                                           "f.json.a.x.0123456789abcdef.tmp",
                                           "f.json.a.-1.0123456789abcdef.tmp",
                                           "f.json.a.999999999.0123456789ABCDEF.tmp",
                                           "g.json.a.999999999.0123456789abcdef.tmp",
                                           "f.json.b.a.999999999.0123456789abcdef.tmp",
                                           "f.json.tmp.tmp",
                                           "f.json..tmp",
                                           "f.json."};
  for (const std::string& name : theirs) {
    folder_.write(name, "theirs");
    fs::last_write_time(folder_ / name, fs::file_time_type::clock::now() - std::chrono::hours(1000));
  }
  write_whole_file(place_, "x");
  fs::remove(path_);
  write_whole_link(place_, "target");
  for (const std::string& name : theirs) EXPECT_EQ(slurp(folder_ / name), "theirs") << name;
}

TEST_F(WholeFile, AFullDiskLeavesTheOldFile) {
  for (const int number : {ENOSPC, EDQUOT}) {
    calls().pwrite_errno = number;
    const test::Caught error = error_over_old();
    EXPECT_EQ(error.cause, std::generic_category().message(number));
    EXPECT_EQ(error.advice, "make room on its file system, then run the same command again");
  }
}

TEST_F(WholeFile, AFailedSyncOrRenameLeavesTheOldFile) {
  calls().fsync_errno = EIO;
  EXPECT_EQ(error_over_old().advice, "check its file system, then run the same command again");
  calls().rename_errno = EXDEV;
  EXPECT_EQ(error_over_old().cause, std::generic_category().message(EXDEV));
}

TEST_F(WholeFile, AFileSystemThatCantSyncIsNoError) {
  calls().fsync_errno = EINVAL;
  write_whole_file(place_, "x");
  EXPECT_EQ(slurp(path_), "x");
}

/// The system refuses by itself here, in a process of its own.
TEST_F(WholeFile, ALimitOfTheSystemLeavesTheOldFile) {
  test::spit(path_, "old");
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{1000, 1000};
    std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_whole_file(place_, std::string(100000, 'x'));
    } catch (const Error& error) {
      _exit(error.fields().cause == std::generic_category().message(EFBIG) ? 0 : 1);
    }
    _exit(2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(slurp(path_), "old");
  EXPECT_THAT(names(), ElementsAre("f.json"));
}

TEST_F(WholeFile, TheModeIsThatOfTheUmask) {
  for (const auto& [mask, mode] : {std::pair<mode_t, mode_t>{0022, 0644}, {0077, 0600}, {0002, 0664}}) {
    const mode_t before = umask(mask);
    write_whole_file(place_, "x");
    umask(before);
    struct stat info {};
    ASSERT_EQ(stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, mode);
  }
}

TEST_F(WholeFile, ALinkIsReplacedAndItsTargetStays) {
  folder_.write("target", "of the link");
  fs::create_symlink("target", path_);
  write_whole_file(place_, "new");
  EXPECT_FALSE(fs::is_symlink(path_));
  EXPECT_EQ(slurp(path_), "new");
  EXPECT_EQ(slurp(folder_ / "target"), "of the link");
}

TEST_F(WholeFile, FoldersInTheWayAreErrors) {
  fs::create_directory(path_);
  EXPECT_EQ(error_of([&] { write_whole_file(place_, "x"); }).cause, std::generic_category().message(EISDIR));
  EXPECT_THAT(names(), ElementsAre("f.json"));
  const Place nowhere{"write a test", folder_ / "no/f"};
  const test::Caught error = error_of([&] { write_whole_file(nowhere, "x"); });
  EXPECT_EQ(error.path, nowhere.path);
  EXPECT_THAT(error.line, HasSubstr("No such file or directory (check the folder"));
}

TEST_F(WholeFile, AMakerThatThrowsLeavesNothing) {
  const auto failing = [](const Place& temporary) {
    test::spit(temporary.path, "half");
    throw error_at(temporary, "gave up", "try again");
  };
  const test::Caught error = error_of([&] { make_whole_file(place_, failing); });
  EXPECT_EQ(error.line, "write a test: " + path_ + ": gave up (try again)");
  EXPECT_THROW(make_whole_file(place_,
                               [](const Place& temporary) {
                                 test::spit(temporary.path, "half");
                                 throw std::runtime_error("no Error");
                               }),
               std::runtime_error);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(WholeFile, AnErrorAboutAnotherFileNamesThatOne) {
  const auto failing = [](const Place&) { throw error_at({"read a test", "other.json"}, "is damaged"); };
  EXPECT_EQ(error_of([&] { make_whole_file(place_, failing); }).line, "read a test: other.json: is damaged");
}

TEST_F(WholeFile, ALinkPointsElsewhereInOneStep) {
  write_whole_link(place_, "one");
  write_whole_link(place_, "two");
  EXPECT_EQ(fs::read_symlink(path_), "two");
  EXPECT_THAT(names(), ElementsAre("f.json"));
  EXPECT_EQ(calls().record.back(), "fsync " + folder_.path());
  calls().rename_errno = EIO;
  EXPECT_EQ(error_of([&] { write_whole_link(place_, "three"); }).path, path_);
  EXPECT_EQ(fs::read_symlink(path_), "two");
  EXPECT_THAT(names(), ElementsAre("f.json"));
}

TEST_F(WholeFile, AFileWithANameOfItsOwnIsRenamedDurably) {
  const std::string partial = folder_.write("f.partial", "rows");
  rename_durably(partial, place_);
  EXPECT_EQ(slurp(path_), "rows");
  EXPECT_THAT(calls().record,
              ElementsAre("fsync " + partial, "rename " + partial + " " + path_, "fsync " + folder_.path()));
}

}  // namespace
}  // namespace pool3
