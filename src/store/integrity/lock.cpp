#include "store/integrity/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <thread>

#include "pool3/files/process.hpp"

namespace pool3::store {
namespace {

// Bytes of the file that are locked. Its text says who the owner is.
constexpr off_t root_byte = 0;
constexpr off_t worker_byte = 1;

constexpr auto worker_patience = std::chrono::seconds(30);
constexpr std::int64_t silence_seconds = 600;

enum class Outcome : std::uint8_t { got, busy, unsupported };

/// Locks one byte for the life of the descriptor, through whatever other descriptors of the file this process opens.
Outcome lock_byte(const Descriptor& file, short kind, off_t byte) {
  struct flock lock {};
  lock.l_type = kind;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  if (fcntl(file.number(), F_OFD_SETLK, &lock) == 0) return Outcome::got;
  return errno == EAGAIN || errno == EACCES ? Outcome::busy : Outcome::unsupported;
}

using Owner = LockOwner;

std::string text_of(const Owner& owner) {
  return fmt::format("host {}\njob {}\npid {}\n", owner.host, owner.job, owner.pid);
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

Owner this_owner() {
  const char* job = std::getenv("SLURM_JOB_ID");
  return {host_name(), job != nullptr ? job : "none", fmt::to_string(getpid())};
}

Owner read_owner(const Descriptor& file) {
  std::string text(4096, '\0');
  text.resize(file.read(0, std::as_writable_bytes(std::span(text))));
  return parse_owner(text);
}

Error in_use(const Place& target, const Owner& owner) {
  return error_at(
      target, fmt::format("is being made by another job: host {}, job {}, pid {}", owner.host, owner.job, owner.pid),
      "wait for it, or end it");
}

/// Seconds since the epoch as the file system counts them, from a file that is made beside `path` for it: the clocks of
/// nodes may differ. Those of this node where no file can be made.
std::int64_t time_of_file_system(const std::string& path) {
  const Descriptor file = Descriptor::try_open({"", fmt::format("{}.{}.{}.now", path, host_name(), getpid())},
                                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  struct stat info {};
  if (!file.is_open()) return std::time(nullptr);
  const bool known = fstat(file.number(), &info) == 0;
  unlink(file.place().path.c_str());
  return known ? info.st_mtime : std::time(nullptr);
}

/// True if the owner must be thought alive; for file systems without locks.
bool seems_alive(const Descriptor& file, const Owner& owner) {
  struct stat info {};
  if (owner.pid == "unknown" || fstat(file.number(), &info) != 0) return false;
  int pid = 0;
  std::from_chars(owner.pid.data(), owner.pid.data() + owner.pid.size(), pid);
  if (owner.host == host_name()) return pid != getpid() && process_runs(pid);
  return time_of_file_system(file.place().path) - info.st_mtime < silence_seconds;
}

bool is_still_at(const Descriptor& file, const std::string& path) {
  struct stat mine {};
  struct stat there {};
  return fstat(file.number(), &mine) == 0 && stat(path.c_str(), &there) == 0 && mine.st_ino == there.st_ino &&
         mine.st_dev == there.st_dev;
}

/// One attempt. Null: try again, the last owner is just leaving, or is `waited_for`.
std::unique_ptr<Descriptor> try_lock(const Place& place, const Place& target, bool waited_for = false) {
  auto file = std::make_unique<Descriptor>(open_own(place, O_RDWR | O_CREAT));
  const Outcome root = lock_byte(*file, F_WRLCK, root_byte);
  const Owner owner = read_owner(*file);
  if (root == Outcome::busy || (root == Outcome::unsupported && seems_alive(*file, owner))) {
    if (waited_for) return nullptr;
    throw in_use(target, owner);
  }
  if (root == Outcome::got && lock_byte(*file, F_WRLCK, worker_byte) == Outcome::busy) return nullptr;
  if (!is_still_at(*file, place.path)) return nullptr;  // its owner has removed it meanwhile
  if (root == Outcome::got) lock_byte(*file, F_RDLCK, worker_byte);
  return file;
}

}  // namespace

LockOwner parse_owner(const std::string& text) {
  constexpr std::size_t longest = 64;  // of a host's name; four times that once it is printable
  std::istringstream words(text);
  Owner owner{"unknown", "unknown", "unknown"};
  std::string name;
  std::string value;
  while (words >> name >> value) {
    value = one_line(value.substr(0, longest));
    if (name == "host") owner.host = value;
    if (name == "job") owner.job = value;
    if (name == "pid") owner.pid = value;
  }
  return owner;
}

JobLock::JobLock(const Place& target, std::chrono::seconds patience) : place_{target.stage, target.path + ".lock"} {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  while (!(file_ = try_lock(place_, target, Clock::now() < begin + patience))) {
    if (Clock::now() > begin + patience + worker_patience) {
      throw error_at(target, "ranks of an earlier job are still at work on it", "wait for them, or end them");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const std::string text = text_of(this_owner());
  try {
    file_->truncate(0);
    file_->write(0, std::as_bytes(std::span(text)));
  } catch (const Error&) {  // a full disk; then no destructor will run
    unlink(place_.path.c_str());
    throw;
  }
}

void remove_dead_lock(const Place& target) {
  const Place place{target.stage, target.path + ".lock"};
  if (access(place.path.c_str(), F_OK) != 0) return;
  try {
    if (try_lock(place, target)) unlink(place.path.c_str());
  } catch (const Error&) {  // in use, or not ours to open: it stays
  }
}

JobLock::~JobLock() { unlink(place_.path.c_str()); }

std::optional<LockOwner> owner_at_work(const Place& target) {
  const Place place{target.stage, target.path + ".lock"};
  if (access(place.path.c_str(), R_OK) != 0) return {};
  const Descriptor file = try_open_own(place, O_RDONLY);
  if (!file.is_open()) return {};  // its owner has just left
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = root_byte;
  lock.l_len = 1;
  const Owner owner = read_owner(file);
  const bool asked = fcntl(file.number(), F_OFD_GETLK, &lock) == 0;
  const bool alive = asked ? lock.l_type != F_UNLCK : seems_alive(file, owner);
  return alive ? std::optional(owner) : std::nullopt;
}

void JobLock::keep_alive() const {
  const auto now = std::chrono::steady_clock::now();
  if (now - kept_alive_ < std::chrono::seconds(silence_seconds / 20)) return;
  kept_alive_ = now;
  futimens(file_->number(), nullptr);
}

WorkerLock::WorkerLock(const Place& target)
    : file_(std::make_unique<Descriptor>(open_own({target.stage, target.path + ".lock"}, O_RDWR))) {
  lock_byte(*file_, F_RDLCK, worker_byte);
}

}  // namespace pool3::store
