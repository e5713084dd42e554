#pragma once
// "Did you mean": the word that was most likely meant.

#include <ranges>
#include <string>
#include <string_view>

namespace pool3::jobs {

/// Letters to change, add, drop or swap with their neighbour to turn one word into the other.
[[nodiscard]] int edit_distance(std::string_view a, std::string_view b);

/// True if someone who wrote `word` may have meant `candidate`: it begins so, or a third of its letters are wrong.
[[nodiscard]] bool may_mean(std::string_view word, std::string_view candidate);

/// The nearest of `candidates` that may be meant, or "".
template <std::ranges::range Candidates>
[[nodiscard]] std::string nearest(std::string_view word, const Candidates& candidates) {
  std::string found;
  for (const std::string& candidate : candidates)
    if (may_mean(word, candidate) && (found.empty() || edit_distance(word, candidate) < edit_distance(word, found)))
      found = candidate;
  return found;
}

/// "; did you mean WORD?", or "" for "".
[[nodiscard]] std::string did_you_mean(const std::string& word);

}  // namespace pool3::jobs
