#include "baselines/nearest_labels.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "pool3/partition.hpp"

namespace pool3::baselines {
namespace {

constexpr std::int64_t queries_of_round = 1024;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

std::vector<std::int32_t> nearest_labels(const Communicator& comm, const LabelledShare& rows,
                                         std::span<const float> queries, const FindNearest& find) {
  const std::int64_t dim = rows.dim, mine = std::ssize(queries) / dim;
  std::vector<std::int64_t> first(index(comm.size() + 1), 0);
  first[index(comm.rank() + 1)] = mine;
  comm.sum(std::span<std::int64_t>(first));
  std::partial_sum(first.begin(), first.end(), first.begin());
  const std::int64_t begin = first[index(comm.rank())];
  std::unordered_map<std::int64_t, std::int32_t> label_of;
  for (std::size_t i = 0; i < rows.labels.size(); ++i) label_of[rows.numbers[i]] = rows.labels[i];
  std::vector<std::int32_t> labels;
  for (std::int64_t b = 0; b < block_count(first.back(), queries_of_round); ++b) {
    const RowRange round = block_range(first.back(), queries_of_round, b);
    std::vector<float> asked(index(round.size() * dim), 0.0F);
    const RowRange own{std::max(round.begin, begin), std::min(round.end, begin + mine)};
    if (own.size() > 0)
      std::ranges::copy(queries.subspan(index((own.begin - begin) * dim), index(own.size() * dim)),
                        asked.begin() + (own.begin - round.begin) * dim);
    comm.sum(std::span<float>(asked));
    const NeighbourTable nearest = merge(comm, find(asked));
    std::vector<std::int64_t> answers(index(round.size()), 0);  // of the rank that has the row
    for (std::int64_t q = 0; q < round.size(); ++q)
      if (const auto rows_near = nearest.of(q); !rows_near.empty())
        if (const auto found = label_of.find(rows_near[0].row); found != label_of.end())
          answers[index(q)] = found->second;
    comm.sum(std::span<std::int64_t>(answers));
    for (std::int64_t q = own.begin; q < own.end; ++q)
      labels.push_back(static_cast<std::int32_t>(answers[index(q - round.begin)]));
  }
  return labels;
}

}  // namespace pool3::baselines
