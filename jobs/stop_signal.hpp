#pragma once
// SIGTERM and SIGUSR1: the batch system wants the cores back. What is done is kept; the same command goes on.

namespace pool3::jobs {

/// Takes the two signals for its life, on every rank. A signal ends the process at once with exit code 75, unless
/// a Deferred lives. One at a time.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// While it lives, a signal only makes came() true.
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
