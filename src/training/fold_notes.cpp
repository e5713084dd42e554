#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "pool3/training.hpp"

namespace pool3 {
namespace {

constexpr std::size_t most_named = 5;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// "a (3 rows), b (1), c (7) and 4 more".
std::string some_of(const std::vector<std::size_t>& found, const std::vector<std::string>& classes,
                    const std::vector<std::int64_t>& rows) {
  std::string text;
  for (std::size_t i = 0; i < std::min(found.size(), most_named); ++i)
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", classes[found[i]], rows[found[i]]);
  if (found.size() > most_named) text += fmt::format(" and {} more", found.size() - most_named);
  return text;
}

std::string counted(const std::vector<std::size_t>& found) {
  return found.size() == 1 ? "a class" : fmt::format("{} classes", found.size());
}

}  // namespace

int given_folds(const Split& split) {
  return split.folds_of_rows.empty() ? 0 : std::max(0, std::ranges::max(split.folds_of_rows) + 1);
}

std::vector<std::string> fold_notes(const Communicator& comm, const Problem& problem,
                                    const std::vector<std::string>& classes, int folds) {
  std::vector<std::int64_t> of_folds(index(folds), 0), of_classes(classes.size(), 0);
  for (std::size_t i = 0; i < problem.folds.size(); ++i) {
    if (problem.folds[i] < folds) ++of_folds[index(problem.folds[i])];
    ++of_classes[index(problem.labels[i])];
  }
  comm.sum(std::span<std::int64_t>(of_folds));
  comm.sum(std::span<std::int64_t>(of_classes));
  std::vector<std::string> notes;
  for (std::size_t f = 0; f < of_folds.size(); ++f)
    if (of_folds[f] == 0) notes.push_back(fmt::format("fold {} of {} has no rows and does not count", f, folds));
  std::vector<std::size_t> small, single;
  for (std::size_t k = 0; k < of_classes.size(); ++k) {
    if (of_classes[k] == 1) single.push_back(k);
    if (of_classes[k] > 1 && of_classes[k] < folds) small.push_back(k);
  }
  if (!single.empty())
    notes.push_back(fmt::format("{} with one training row, which can't be right when it is held out: {}",
                                counted(single), some_of(single, classes, of_classes)));
  if (!small.empty())
    notes.push_back(fmt::format("{} with fewer rows than the {} folds, so that some folds have none: {}",
                                counted(small), folds, some_of(small, classes, of_classes)));
  return notes;
}

}  // namespace pool3
