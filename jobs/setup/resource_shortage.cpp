#include "setup/resource_shortage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <thread>

#include "pool3/error/unforeseen.hpp"
#include "pool3/threads.hpp"
#include "setup/process.hpp"

namespace pool3::jobs {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t reserve_bytes = mebibyte;
// What MPI takes when it starts, and more for each rank of the node. Measured with Open MPI 4.1: 50 MiB alone, 66 of
// two ranks, 78 of four, 92 of eight.
constexpr std::size_t room_bytes = 64 * mebibyte;
constexpr std::size_t room_bytes_of_rank = 6 * mebibyte;
constexpr std::size_t much_bytes = 1024 * mebibyte;
// A thread of OpenBLAS that gets no memory asks again until it does. It must not do so while MPI starts.
constexpr int waits_for_blas = 20;
constexpr std::size_t stack_bytes = 8 * mebibyte;
constexpr int room_threads = 4;
constexpr int room_descriptors = 40;

std::atomic<char*> reserve = nullptr;

/// Called when there is no memory: gives up the reserve, once.
void give_reserve() {
  char* const kept = reserve.exchange(nullptr);
  if (kept == nullptr) throw std::bad_alloc();
  delete[] kept;
}

void write_line(const std::string& line) { static_cast<void>(!write(STDERR_FILENO, line.data(), line.size())); }

/// Says what nobody has caught. True if it is a shortage.
bool say_uncaught() {
  const std::string rank = rank_text();
  try {
    if (const auto current = std::current_exception()) std::rethrow_exception(current);
    write_line(fmt::format("pool3: error: {}a fault of the program ends it\n", rank));
    return false;
  } catch (const std::exception& error) {
    const Error known = unforeseen_error(error);
    if (is_shortage(error)) take_turn_to_speak();
    write_line(fmt::format("pool3: error: {}{}\n", rank, known.what()));
    return is_shortage(error);
  } catch (...) {
    write_line(fmt::format("pool3: error: {}something unknown was thrown\n", rank));
    return false;
  }
}

/// Only one thread speaks; others that come here meanwhile wait for its end.
[[noreturn]] void on_terminate() {
  static std::atomic_flag speaks;
  static thread_local bool is_speaker = false;
  if (is_speaker) {  // there was no memory for words
    take_turn_to_speak();
    constexpr const char* words = "pool3: error: memory ran out (give the job more, or ask for less)\n";
    static_cast<void>(!write(STDERR_FILENO, words, std::strlen(words)));
    _exit(static_cast<int>(ExitCode::failed));
  }
  while (speaks.test_and_set()) pause();
  is_speaker = true;
  if (say_uncaught()) _exit(static_cast<int>(ExitCode::failed));
  std::abort();
}

volatile std::sig_atomic_t last_code = 0;

std::atomic<bool> ends_in_order = false;

/// main() ends by _Exit(): who comes here is a library that ends the process, most often as it got no memory.
void on_exit_of_library() {
  if (ends_in_order) return;
  take_turn_to_speak();
  write_line(
      fmt::format("pool3: error: {}a library has ended the process, and most often that is want of memory (its "
                  "words are above; give the job more, or ask for less)\n",
                  rank_text()));
  std::fflush(nullptr);
  _exit(static_cast<int>(ExitCode::failed));
}

void on_alarm(int /*number*/) { _exit(last_code); }

/// Stacks of threads are as large as `ulimit -s` says, or 2 MiB where that is unlimited; and thread_local variables lie
/// in them, too.
void take_usual_stacks() {
#ifdef __GLIBC__
  pthread_attr_t usual;
  std::size_t bytes = 0;
  if (pthread_getattr_default_np(&usual) != 0) return;
  if (pthread_attr_getstacksize(&usual, &bytes) == 0 && bytes < stack_bytes &&
      pthread_attr_setstacksize(&usual, stack_bytes) == 0)
    static_cast<void>(pthread_setattr_default_np(&usual));
  pthread_attr_destroy(&usual);
#endif
}

Error no_room(std::string cause, std::string advice) {
  return Error({.cause = std::move(cause), .advice = std::move(advice)});
}

/// Address space without memory; nullptr where the limit is met.
void* reserve_room(std::size_t bytes) {
  void* const room = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return room == MAP_FAILED ? nullptr : room;
}

bool is_room_for(std::size_t bytes) {
  void* const room = reserve_room(bytes);
  if (room != nullptr) munmap(room, bytes);
  return room != nullptr;
}

bool is_memory_limited() {
  rlimit limit{};
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

void check_memory() {
  const std::size_t needed = room_bytes + room_bytes_of_rank * ranks_of_node();
  for (int i = 0;
       i < waits_for_blas && is_room_for(blas_bytes_of_thread) && !is_room_for(needed + blas_bytes_of_thread); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  if (is_room_for(needed)) return;
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  throw no_room(fmt::format("the limit of memory, {} MiB, is too low to start", limit.rlim_cur / mebibyte),
                "raise it: ulimit -v, or Slurm's --mem");
}

/// The allocator would reserve 128 MiB for a moment whenever a thread first asks it for memory.
void allocate_in_one_place() {
#ifdef __GLIBC__
  if (!is_room_for(much_bytes)) mallopt(M_ARENA_MAX, 1);
#endif
}

void check_threads() {
  if (startable_threads(room_threads) == room_threads) return;
  throw no_room("the system gives no more threads",
                "raise the limits: ulimit -u, ulimit -v, or the pids of its control group");
}

void check_descriptors() {
  std::array<int, room_descriptors> numbers{};
  numbers.fill(-1);
  int error = 0;
  for (int& number : numbers)
    if (error == 0 && (number = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) error = errno;
  for (const int number : numbers)
    if (number >= 0) close(number);
  if (error == 0) return;
  throw no_room(fmt::format("the system gives no more open files: {}", std::generic_category().message(error)),
                "raise the limit: ulimit -n");
}

}  // namespace

void prepare_for_shortage() {
  std::set_terminate(on_terminate);
  reserve = new (std::nothrow) char[reserve_bytes];
  std::set_new_handler(give_reserve);
  take_usual_stacks();
  static_cast<void>(std::atexit(on_exit_of_library));
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
}

void check_room() {
  if (is_memory_limited()) {
    allocate_in_one_place();
    check_memory();
  }
  check_threads();
  check_descriptors();
}

void end_soon(ExitCode code, unsigned seconds) {
  ends_in_order = true;
  last_code = static_cast<int>(code);
  static_cast<void>(std::signal(SIGALRM, on_alarm));
  alarm(seconds);
  std::fflush(nullptr);
}

}  // namespace pool3::jobs
