#pragma once
// When a method ends. A new stopping rule is one more member of StoppingRules, and one more line in Stopping::ends().

#include <cstdint>
#include <functional>
#include <limits>

namespace pool3::svm {

/// How far a method has come.
struct Standing {
  std::int64_t passes = 0;  ///< over the rows, so far
  double relative_gap = std::numeric_limits<double>::infinity();
  double primal = std::numeric_limits<double>::infinity();  ///< P, over all columns
};

struct StoppingRules {
  double tolerance = 1e-4;                            ///< on the total relative gap
  std::int64_t max_passes = 0;                        ///< and none is begun that could need more
  std::function<bool()> expired;                      ///< the time is over; collective
  int stall_steps = std::numeric_limits<int>::max();  ///< so many steps in turn without a better gap,
  double better = 1;      ///< which is one below so much of the best: there is nothing more to gain
  double least_fall = 0;  ///< a step that lowers P by less than this part of it; 0: never
};

class Stopping {
 public:
  /// `step_passes`: the passes that a step takes at least.
  Stopping(StoppingRules rules, std::int64_t step_passes) : rules_(std::move(rules)), step_passes_(step_passes) {}
  /// True if no further step is to be made. Ask before the first step and after each. Collective.
  [[nodiscard]] bool ends(const Standing& now);

 private:
  StoppingRules rules_;
  std::int64_t step_passes_;
  double best_gap_ = std::numeric_limits<double>::infinity();
  double last_primal_ = std::numeric_limits<double>::infinity();
  int since_best_ = 0;
};

}  // namespace pool3::svm
