#include "commands/model/near_copies.hpp"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "pool3/audit.hpp"

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
  for (const RowResult& r : mine) own.push_back({r.row, r.correct ? 1 : 0});
  std::string bytes(own.size() * sizeof(Judged), '\0');
  if (!own.empty()) std::memcpy(bytes.data(), own.data(), bytes.size());
  std::string all;
  for (const std::string& part : comm.gather(bytes)) all += part;
  std::vector<Judged> judged(all.size() / sizeof(Judged));
  if (!judged.empty()) std::memcpy(judged.data(), all.data(), all.size());
  return judged;
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

}  // namespace

ApartFromCopies apart_from_copies(const Communicator& comm, const FeatureReader& reader,
                                  const std::vector<RowResult>& held_out, int threads) {
  const NearCopies copies = find_near_copies(comm, reader, {.threads = threads});
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
