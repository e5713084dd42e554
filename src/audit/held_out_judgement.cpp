#include "audit/held_out_judgement.hpp"

#include <algorithm>
#include <cmath>

#include "pool3/mpi/gather.hpp"
#include "pool3/partition.hpp"
#include "pool3/prediction.hpp"

namespace pool3::audit {
namespace {

/// Ranks add up in another order when there are more of them, and differ in what is below this.
constexpr double told = 1e-6;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// All rows train, and near copies are in the fold of their representative.
Split split_of_all(const FeatureReader& reader, const NearCopies& copies, const Split& given, int folds) {
  Split split{.seed = given.seed, .test_fraction = 0};
  const auto keys = reader.keys();
  for (const Row row : copies.representative)
    split.folds_of_rows.push_back(fold_of(given.seed, keys[index(row)], folds));
  return split;
}

/// [rows, classes].
std::vector<double> probabilities_of(const HeldOutRows& rows, const Calibration& calibration,
                                     const KernelChoice& kernel, const std::vector<std::string>& classes) {
  const Model model{.classes = classes,
                    .kernel = kernel.kernel,
                    .multiclass = kernel.multiclass,
                    .sigmoid_a = calibration.sigmoids.a,
                    .sigmoid_b = calibration.sigmoids.b,
                    .temperature = calibration.temperature};
  const std::size_t columns = index(model.columns());
  std::vector<double> all;
  all.reserve(rows.rows.size() * classes.size());
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const auto values = std::span(rows.values).subspan(i * columns, columns);
    const Verdict said = verdict(model, std::vector<double>(values.begin(), values.end()));
    all.insert(all.end(), said.probabilities.begin(), said.probabilities.end());
  }
  return all;
}

std::vector<double> agreed_thresholds(const Communicator& comm, const HeldOutRows& rows,
                                      std::span<const double> probabilities, std::int32_t classes,
                                      std::vector<std::int64_t>& class_rows) {
  SelfConfidence mine = self_confidence(rows.labels, probabilities, classes);
  comm.sum(std::span<double>(mine.sum));
  comm.sum(std::span<std::int64_t>(mine.count));
  class_rows = mine.count;
  return thresholds(mine);
}

std::vector<Doubt> gathered(const Communicator& comm, const std::vector<Doubt>& mine) {
  std::vector<Doubt> doubts = gather_items(comm, mine);
  std::ranges::sort(doubts, [](const Doubt& a, const Doubt& b) {
    return a.confidence != b.confidence ? a.confidence < b.confidence : a.row < b.row;
  });
  return doubts;
}

}  // namespace

Judgement judge_labels(const Communicator& comm, const FeatureReader& reader, const NearCopies& copies,
                       TrainingOptions options, const ShowProgress& progress) {
  comm.all_do([&] { options.split = split_of_all(reader, copies, options.split, options.probability_folds); });
  const TrainingSet set = load_training_set(comm, reader, options);
  const ClassFit solved = fit_classes(comm, set, options, progress);
  const HeldOutRows rows = held_out_rows(comm, set, options, solved, progress);
  const auto classes = static_cast<std::int32_t>(reader.classes().size());
  const Calibration calibration = calibrate(comm, rows, options.kernel, classes);
  const auto probabilities = probabilities_of(rows, calibration, options.kernel, reader.classes());
  Judgement judgement;
  const auto limits = agreed_thresholds(comm, rows, probabilities, classes, judgement.rows);
  ConfidentJoint joint = confident_joint(rows.labels, probabilities, limits);
  comm.sum(std::span<std::int64_t>(joint.counts));
  for (Doubt& d : joint.doubts) {
    d.row = rows.rows[index(d.row)];
    d.confidence = std::round(d.confidence / told) * told;
  }
  judgement.joint = std::move(joint.counts);
  judgement.doubts = gathered(comm, joint.doubts);
  return judgement;
}

}  // namespace pool3::audit
