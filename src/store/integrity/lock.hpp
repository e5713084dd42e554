#pragma once
// One job at a time works on an output: PATH.lock, held by the system's file locks, which end with their owner.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "pool3/files.hpp"

namespace pool3::store {

/// Held by the root of a job from before it looks at the output until it is done. Other ranks hold a WorkerLock.
class JobLock {
 public:
  /// Throws Error that names host, job and pid of the owner if another job is at work. Workers of a job whose root
  /// has died are waited for, half a minute at most. Where the file system knows no locks, an owner counts as dead
  /// once it is gone from this host, or, on another host, has not called keep_alive() for ten minutes. An owner that is
  /// alive is waited for as long as `patience` says. Throws Error too if the lock file is not one that a job has made
  /// (see open_own()); nothing is written to it then.
  explicit JobLock(const Place& target, std::chrono::seconds patience = std::chrono::seconds(0));
  JobLock(const JobLock&) = delete;
  JobLock& operator=(const JobLock&) = delete;
  ~JobLock();  ///< releases, and removes the file

  /// Shows other hosts that the owner is alive. Call every minute or more often.
  void keep_alive() const;

 private:
  Place place_;
  std::unique_ptr<Descriptor> file_;
  mutable std::chrono::steady_clock::time_point kept_alive_ = std::chrono::steady_clock::now();
};

/// Who holds a JobLock, as the owner wrote it.
struct LockOwner {
  std::string host, job, pid;
};
/// What the text of a lock file says, whoever wrote it: printable words of bounded length, "unknown" where it is
/// silent.
[[nodiscard]] LockOwner parse_owner(const std::string& text);
/// The job at work on `target`, if there is one. Takes no lock itself.
[[nodiscard]] std::optional<LockOwner> owner_at_work(const Place& target);

/// Held by every other rank while it writes rows, so that a new job waits for the last rank of a dead one.
class WorkerLock {
 public:
  /// REQUIRES: the job's root holds the JobLock.
  explicit WorkerLock(const Place& target);

 private:
  std::unique_ptr<Descriptor> file_;
};

/// Removes the lock file that a job which was killed has left beside `target`. Never throws.
void remove_dead_lock(const Place& target);

}  // namespace pool3::store
