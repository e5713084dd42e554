#include "pool3/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/findings.hpp"
#include "audit/held_out_judgement.hpp"
#include "audit/surroundings.hpp"
#include "pool3/error.hpp"

namespace pool3 {
namespace {

constexpr int most_threads = 1024;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Of the whole file.
NearCopies copies_of(const audit::Surroundings& around) {
  NearCopies copies{.limit = around.limit};
  for (std::size_t row = 0; row < around.place.size(); ++row) {
    const bool is_done = around.place[row] >= 0;
    const std::size_t place = is_done ? index(around.place[row]) : 0;
    copies.representative.push_back(is_done ? around.rows[index(around.clusters.representative[place])]
                                            : static_cast<Row>(row));
    copies.distance.push_back(is_done ? static_cast<float>(around.clusters.distance[place]) : 0.0F);
  }
  return copies;
}

std::int64_t classes_with_rows(const FeatureReader& reader) {
  std::vector<bool> seen(reader.classes().size(), false);
  const auto labels = reader.labels();
  const auto status = reader.status();
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (status[i] == RowStatus::done && labels[i] >= 0) seen[index(labels[i])] = true;
  return std::ranges::count(seen, true);
}

}  // namespace

NearCopies find_near_copies(const Communicator& comm, const FeatureReader& reader, const NearCopyOptions& options,
                            const ShowRows& show) {
  return copies_of(audit::look_around(comm, reader, options, show));
}

AuditOptions audit_options(const std::optional<Model>& model, double C, int folds, int threads) {
  AuditOptions options;
  options.training.C = C;
  options.training.probability_folds = folds;
  options.training.solver.threads = threads;
  options.near.threads = threads;
  if (!model) return options;
  TrainingOptions& t = options.training;
  t.C = model->C;
  t.solver.loss = model->loss == "l1" ? Loss::l1 : Loss::l2;
  t.solver.bias = model->bias;
  t.balanced = model->class_weight == "balanced";
  t.centering = model->centering;
  t.kernel.kernel = model->kernel;
  t.kernel.multiclass = model->multiclass;
  // The model's gamma is that of raw features, which were divided by the scale.
  if (model->kernel == Kernel::rbf)
    t.kernel.gamma = {model->support.gamma * model->center_scale * model->center_scale, Gamma::Unit::one};
  t.split.seed = model->seed;
  return options;
}

void check(const AuditOptions& o) {
  if (o.training.probability_folds < 2) throw usage_error("--folds must be 2 or more");
  if (!(o.near.share > 0 && o.near.share < 1)) throw usage_error("--near must be above 0 and below 1");
  if (!(o.outlier_reach >= 0) || !std::isfinite(o.outlier_reach))
    throw usage_error("--outlier-reach must be 0 or a positive number");
  if (o.small_class < 0) throw usage_error("--small-class must be at least 0");
  if (o.near.threads < 0 || o.near.threads > most_threads)
    throw usage_error(fmt::format("--threads must be between 0 and {}", most_threads));
  check_C(o.training.C);
}

Audit audit_catalogue(const Communicator& comm, const FeatureReader& reader, const AuditOptions& options,
                      const std::function<void(const AuditProgress&)>& progress) {
  const audit::Surroundings around =
      audit::look_around(comm, reader, options.near, [&](std::int64_t done, std::int64_t total) {
        if (progress) progress({.stage = "neighbours", .done = done, .total = total});
      });
  const NearCopies copies = copies_of(around);
  Audit all{.near_limit = around.limit, .rows = 0, .features = reader.provenance()};
  all.rows = std::ranges::count_if(around.place, [](std::int64_t p) { return p >= 0; });
  audit::Judgement judgement;
  const bool can_judge = classes_with_rows(reader) >= 2;
  if (can_judge) {
    judgement = audit::judge_labels(comm, reader, copies, options.training, [&](const SolverProgress& p) {
      if (progress) progress({.stage = "labels", .note = fmt::format("gap {:.1e}", p.gap)});
    });
  } else {
    all.notes.emplace_back("fewer than two classes have pictures: labels and overlaps were not looked at");
  }
  comm.root_does([&] {
    const audit::Catalogue catalogue(reader, options.split);
    if (!around.mean_distance.empty())
      all.outlier_limit = audit::upper_fence(around.mean_distance, options.outlier_reach);
    all.lists.push_back(audit::same_bytes(catalogue));
    all.lists.push_back(audit::wrong_labels(catalogue, judgement.doubts));
    all.lists.push_back(audit::near_copies(catalogue, copies));
    all.lists.push_back(audit::outliers(catalogue, around, all.outlier_limit));
    all.lists.push_back(audit::overlapping(catalogue, judgement));
    all.lists.push_back(audit::small_classes(catalogue, options.small_class));
  });
  return all;
}

}  // namespace pool3
