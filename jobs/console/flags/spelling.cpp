#include "console/flags/spelling.hpp"

#include <algorithm>
#include <vector>

namespace pool3::jobs {

int edit_distance(std::string_view a, std::string_view b) {
  // Rows of the usual table: of the letters of `a` so far, and of one and two letters less.
  std::vector<int> before(b.size() + 1);
  std::vector<int> last(b.size() + 1);
  std::vector<int> now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

bool may_mean(std::string_view word, std::string_view candidate) {
  if (word.size() > 1 && candidate.starts_with(word)) return true;
  const auto length = static_cast<int>(std::max(word.size(), candidate.size()));
  return edit_distance(word, candidate) <= length / 3;
}

std::string did_you_mean(const std::string& word) { return word.empty() ? "" : "; did you mean " + word + "?"; }

}  // namespace pool3::jobs
