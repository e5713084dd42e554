#pragma once
// SIGTERM, SIGUSR1 and Ctrl-C: the batch system, or a person, wants the cores back. SIGXCPU: the limit of CPU time is
// near. SIGHUP: the terminal is gone, unless nohup had it ignored. The job ends in order, and the line says what the
// same command does next time.

#include "console/log.hpp"

namespace pool3::jobs {

/// What the same command does after it was stopped.
enum class Again { resumes, begins_anew };

/// Takes these signals for its life, on every rank. A signal ends the process at once with exit code 75 and, where
/// `log` speaks, a line; unless there is a Deferred. Of several at a time, the first one counts.
class StopSignal {
 public:
  StopSignal(const Log& log, Again again);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// While it exists, a signal only makes came() true; a second Ctrl-C ends the process all the same.
  class Deferred {
   public:
    Deferred();
    ~Deferred();
    Deferred(const Deferred&) = delete;
    Deferred& operator=(const Deferred&) = delete;
    [[nodiscard]] bool came() const;
  };
};

}  // namespace pool3::jobs
