#include <algorithm>

#include "pool3/baselines.hpp"
#include "pool3/mpi/gather.hpp"

namespace pool3 {
namespace {

struct Numbered {
  Row row = 0;
  std::int64_t value = 0;
};

}  // namespace

std::vector<std::int64_t> by_row(const Communicator& comm, std::span<const Row> rows,
                                 const std::vector<std::int64_t>& values) {
  std::vector<Numbered> mine;
  for (std::size_t i = 0; i < rows.size(); ++i) mine.push_back({rows[i], values[i]});
  std::vector<Numbered> all = gather_items(comm, mine);
  std::ranges::sort(all, {}, &Numbered::row);
  std::vector<std::int64_t> sorted;
  sorted.reserve(all.size());
  for (const Numbered& n : all) sorted.push_back(n.value);
  return sorted;
}

BaselineEntry judge(const Communicator& comm, const BaselineRows& rows, const std::vector<std::string>& classes,
                    const Verdicts& said) {
  const std::size_t k = classes.size();
  std::vector<RowResult> results;
  std::vector<std::int32_t> ranking(1);
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    ranking[0] = said.predicted[i];
    std::vector<double> p;
    if (!said.probabilities.empty())
      p.assign(said.probabilities.begin() + static_cast<std::ptrdiff_t>(i * k),
               said.probabilities.begin() + static_cast<std::ptrdiff_t>((i + 1) * k));
    results.push_back(row_result(rows.rows[i], rows.truth[i], said.predicted[i], ranking, p));
  }
  const bool probabilities = comm.sum(static_cast<std::int64_t>(said.probabilities.size())) > 0;
  const Evaluation e = evaluate_predictions(comm, classes, rows.truth, said.predicted);
  const Measures m = measure(comm, results, probabilities);
  BaselineEntry entry{.accuracy = e.accuracy,
                      .balanced_accuracy = e.balanced_accuracy,
                      .interval = m.accuracy_interval,
                      .model_bytes = said.model_bytes};
  if (probabilities) entry.log_loss = m.log_loss;
  for (const std::int64_t predicted : by_row(comm, rows.rows, {said.predicted.begin(), said.predicted.end()}))
    entry.predicted.push_back(static_cast<std::int32_t>(predicted));
  return entry;
}

}  // namespace pool3
