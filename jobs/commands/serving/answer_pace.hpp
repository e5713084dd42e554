#pragma once
// How fast pictures are answered, to tell who would wait too long. Pure; times are seconds of any clock.

#include <algorithm>

namespace pool3::jobs {

class Pace {
 public:
  /// A picture comes while none is at work.
  void begin(double now) { last_ = now; }
  /// One of those at work is done.
  void finish(double now) {
    // Pictures of a batch come at once, and the first of all is slow: the mean goes over a few batches.
    count_ = std::min(count_ + 1, most);
    mean_ += (now - last_ - mean_) / count_;
    last_ = now;
  }
  /// How long so many pictures will take; 0 before a batch is done.
  [[nodiscard]] double seconds_of(double count) const { return count_ < least ? 0 : count * mean_; }

 private:
  static constexpr double least = 16, most = 48;  ///< pictures
  double last_ = 0, mean_ = 0, count_ = 0;
};

}  // namespace pool3::jobs
