#include "commands/model/near_copies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <unordered_map>

#include "pool3/mpi/gather.hpp"
#include "setup/stage_clock.hpp"

namespace pool3::jobs {
namespace {

/// A held-out row, and whether it was judged right.
struct Judged {
  Row row;
  std::int64_t right;
};

std::size_t index(Row row) { return static_cast<std::size_t>(row); }

std::vector<Judged> gathered(const Communicator& comm, const std::vector<RowResult>& mine) {
  std::vector<Judged> own;
  own.reserve(mine.size());
  for (const RowResult& r : mine) own.push_back({r.row, r.correct ? 1 : 0});
  return gather_items(comm, own);
}

/// Of each cluster, named by its representative: whether a training row is in it.
std::vector<bool> clusters_in_training(const FeatureReader& reader, const NearCopies& copies,
                                       const std::vector<Judged>& held_out) {
  const auto labels = reader.labels();
  const auto status = reader.status();
  std::vector<bool> training(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) training[i] = status[i] == RowStatus::done && labels[i] >= 0;
  for (const Judged& j : held_out) training[index(j.row)] = false;
  std::vector<bool> clusters(labels.size(), false);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (training[i]) clusters[index(copies.representative[i])] = true;
  return clusters;
}

/// Sets of rows that grow together. Each is named by its smallest row.
class Together {
 public:
  explicit Together(std::size_t rows) : above_(rows) { std::iota(above_.begin(), above_.end(), Row{0}); }
  Row of(Row row) {
    while (above_[index(row)] != row) row = above_[index(row)] = above_[index(above_[index(row)])];
    return row;
  }
  void join(Row a, Row b) {
    const Row x = of(a), y = of(b);
    above_[index(std::max(x, y))] = std::min(x, y);
  }

 private:
  std::vector<Row> above_;
};

/// The number of each set of two rows or more: the smallest that its groups have, or that of its first row's cluster.
std::vector<GroupId> numbers_of(Together& together, const std::vector<GroupId>& groups, const NearCopies& copies,
                                const std::vector<ImageKey>& keys) {
  const std::size_t rows = keys.size();
  std::vector<std::int64_t> sizes(rows);
  std::vector<GroupId> numbers(rows, no_group);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t set = index(together.of(static_cast<Row>(i)));
    ++sizes[set];
    if (groups.empty() || groups[i] == no_group) continue;
    numbers[set] = numbers[set] == no_group ? groups[i] : std::min(numbers[set], groups[i]);
  }
  std::vector<GroupId> of_rows(rows, no_group);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t set = index(together.of(static_cast<Row>(i)));
    of_rows[i] = numbers[set];
    if (of_rows[i] == no_group && sizes[set] > 1)
      of_rows[i] = static_cast<GroupId>(keys[index(copies.representative[set])].low >> 1U);
  }
  return of_rows;
}

}  // namespace

NearCopies look_for_near_copies(const Context& context, const FeatureReader& reader, int threads) {
  context.log.line("copies", fmt::format("looking for near copies among {} rows", reader.rows()));
  const StageClock clock(context.comm, context.log, "copies");
  NearCopies copies = find_near_copies(context.comm, reader, {.threads = threads});
  clock.end();
  return copies;
}

std::string group_near_copies(const Communicator& comm, const FeatureReader& reader, const NearCopies& copies,
                              Split& split) {
  std::int64_t clustered = 0;
  comm.all_do([&] {
    const std::vector<ImageKey> keys = reader.keys();
    Together together(keys.size());
    std::unordered_map<GroupId, Row> first_of;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const Row row = static_cast<Row>(i), representative = copies.representative[i];
      clustered += representative != row ? 1 : 0;
      together.join(row, representative);
      if (split.groups_of_rows.empty() || split.groups_of_rows[i] == no_group) continue;
      together.join(row, first_of.try_emplace(split.groups_of_rows[i], row).first->second);
    }
    split.groups_of_rows = numbers_of(together, split.groups_of_rows, copies, keys);
  });
  return fmt::format("near copies: {} rows go with others that are nearly the same", clustered);
}

ApartFromCopies apart_from_copies(const Communicator& comm, const FeatureReader& reader, const NearCopies& copies,
                                  const std::vector<RowResult>& held_out) {
  const std::vector<Judged> judged = gathered(comm, held_out);
  ApartFromCopies apart;
  comm.root_does([&] {
    const auto known = clusters_in_training(reader, copies, judged);
    for (const Judged& j : judged) {
      if (known[index(copies.representative[index(j.row)])]) {
        ++apart.with_copy;
      } else {
        ++apart.rows;
        apart.right += j.right;
      }
    }
  });
  return apart;
}

std::string text_of(const ApartFromCopies& apart) {
  return fmt::format("accuracy on {} held-out images without near copies in training: {:.4f}; {} have one", apart.rows,
                     apart.accuracy(), apart.with_copy);
}

std::string with_copies(const std::string& evaluation_json, const ApartFromCopies& apart) {
  auto json = nlohmann::ordered_json::parse(evaluation_json);
  json["near_copies"] = {
      {"rows_with", apart.with_copy}, {"rows_without", apart.rows}, {"accuracy_without", apart.accuracy()}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pool3::jobs
