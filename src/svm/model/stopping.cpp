#include "svm/model/stopping.hpp"

#include <algorithm>

namespace pool3::svm {

bool Stopping::ends(const Standing& now) {
  since_best_ = now.relative_gap < rules_.better * best_gap_ ? 0 : since_best_ + 1;
  best_gap_ = std::min(best_gap_, now.relative_gap);
  const double fall = last_primal_ - now.primal;
  const bool had_primal = last_primal_ < std::numeric_limits<double>::infinity();
  last_primal_ = now.primal;
  return !(now.relative_gap > rules_.tolerance) ||                                          // it is good enough
         since_best_ >= rules_.stall_steps ||                                               // it gets no better,
         (rules_.least_fall > 0 && had_primal && fall < rules_.least_fall * now.primal) ||  // or hardly
         now.passes + step_passes_ > rules_.max_passes ||                                   // it took long enough
         rules_.expired();
}

}  // namespace pool3::svm
