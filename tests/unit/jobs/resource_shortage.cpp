#include "setup/resource_shortage.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "pool3/files.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::jobs {
namespace {

void limit(__rlimit_resource what, rlim_t most) {
  const rlimit limit{most, most};
  if (setrlimit(what, &limit) != 0) _exit(99);
}

rlim_t memory_of_this_process() {
  std::ifstream file("/proc/self/statm");
  rlim_t pages = 0;
  file >> pages;
  return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Ends with exit code 1 and the error as a line.
void say(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    std::fputs(error.what(), stderr);
    _exit(static_cast<int>(error.fields().code));
  }
  _exit(0);
}

TEST(Shortage, OfMemoryOnAThreadEndsWithALine) {
  const auto work = [] {
    prepare_for_shortage();
    std::thread([] { throw std::bad_alloc(); }).join();
  };
  EXPECT_EXIT(work(), testing::ExitedWithCode(1), "pool3: error: memory ran out \\(give the job more");
}

TEST(Shortage, IsNoFaultOfTheProgramWhichEndsByAbort) {
  const auto work = [] {
    prepare_for_shortage();
    std::thread([] { throw std::runtime_error("an odd thing"); }).join();
  };
  EXPECT_EXIT(work(), testing::KilledBySignal(SIGABRT), "pool3: error: an odd thing");
}

TEST(Shortage, ThatALibraryEndsTheProcessForIsTold) {
  const auto work = [] {
    prepare_for_shortage();
    std::exit(7);
  };
  EXPECT_EXIT(work(), testing::ExitedWithCode(1), "pool3: error: a library has ended the process");
}

TEST(Shortage, LosesNothingThatWasPrinted) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "printed";
  const auto print_and = [&](const std::function<void()>& action) {
    prepare_for_shortage();
    if (std::freopen(path.c_str(), "w", stdout) == nullptr) _exit(99);
    std::fputs("a line\n", stdout);
    action();
  };
  const auto hangs = [] {
    end_soon(ExitCode::failed, 1);
    while (true) pause();
  };
  EXPECT_EXIT(print_and([] { std::exit(7); }), testing::ExitedWithCode(1), "a library has ended the process");
  EXPECT_EQ(content(path), "a line\n");
  EXPECT_EXIT(print_and(hangs), testing::ExitedWithCode(1), "");
  EXPECT_EQ(content(path), "a line\n");
}

TEST(Shortage, OfFileSizesIsAnErrorOfTheWrite) {
  const test::TemporaryFolder folder;
  const auto work = [&] {
    prepare_for_shortage();
    limit(RLIMIT_FSIZE, 4096);  // of what the test itself writes, too
    say([&] { write_whole_file({"write", folder / "f"}, std::string(100'000, 'x')); });
  };
  EXPECT_EXIT(work(), testing::ExitedWithCode(1), "f: File too large \\(raise ulimit -f");
  EXPECT_FALSE(file_exists(folder / "f"));
}

TEST(Shortage, IsSeenBeforeTheStart) {
  EXPECT_EXIT(say(check_room), testing::ExitedWithCode(0), "");
  const auto few_files = [] {
    limit(RLIMIT_NOFILE, 20);
    say(check_room);
  };
  EXPECT_EXIT(few_files(), testing::ExitedWithCode(1), "Too many open files \\(raise the limit: ulimit -n");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const auto little_memory = [] {
    limit(RLIMIT_AS, memory_of_this_process() + (rlim_t{50} << 20U));
    say(check_room);
  };
  const auto enough_memory = [] {
    limit(RLIMIT_AS, memory_of_this_process() + (rlim_t{80} << 20U));
    say(check_room);
  };
  EXPECT_EXIT(enough_memory(), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(little_memory(), testing::ExitedWithCode(1), "is too low to start");
#endif
}

#ifdef __GLIBC__
TEST(Shortage, OfStackIsNoneOfThreads) {
  const auto work = [] {
    pthread_attr_t small;
    std::size_t bytes = 0;
    if (pthread_getattr_default_np(&small) != 0 || pthread_attr_setstacksize(&small, std::size_t{1} << 20U) != 0 ||
        pthread_setattr_default_np(&small) != 0)
      _exit(99);
    prepare_for_shortage();
    std::thread([&] {
      pthread_attr_t mine;
      pthread_getattr_np(pthread_self(), &mine);
      pthread_attr_getstacksize(&mine, &bytes);
    }).join();
    _exit(bytes >= std::size_t{8} << 20U ? 0 : 1);
  };
  EXPECT_EXIT(work(), testing::ExitedWithCode(0), "");
}
#endif

TEST(Shortage, AnEndThatHangsIsCutShort) {
  const auto work = [] {
    end_soon(ExitCode::failed, 1);
    while (true) pause();
  };
  EXPECT_EXIT(work(), testing::ExitedWithCode(1), "");
}

}  // namespace
}  // namespace pool3::jobs
