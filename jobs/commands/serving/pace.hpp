#pragma once
// How fast pictures are answered, to tell who would wait too long. Pure; times are seconds of any clock.

namespace pool3::jobs {

class Pace {
 public:
  /// A picture comes while none is at work.
  void begin(double now) { last_ = now; }
  /// One of those at work is done.
  void finish(double now) {
    const double took = now - last_;
    last_ = now;
    // Pictures of a batch come at once: the mean goes over a few batches.
    mean_ = mean_ == 0 ? took : mean_ + (took - mean_) / pictures;
  }
  /// How long so many pictures will take; 0 before the first one is done.
  [[nodiscard]] double seconds_of(double count) const { return count * mean_; }

 private:
  static constexpr double pictures = 48;
  double last_ = 0, mean_ = 0;
};

}  // namespace pool3::jobs
