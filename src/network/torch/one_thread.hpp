#pragma once
// Keeps the network on the thread that calls it.

#include <omp.h>

namespace pool3::network {

/// LibTorch splits work over OpenMP's threads; while this lives, the calling thread works alone.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace pool3::network
