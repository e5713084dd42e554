#include "audit/confident_learning.hpp"

#include <algorithm>

namespace pool3::audit {
namespace {

/// As cleanlab: what is as good as the threshold reaches it.
constexpr double slack = 1e-6;
constexpr double least_overlap_rows = 2;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// The most probable class whose threshold is reached, or -1.
std::int32_t confident_class(std::span<const double> p, std::span<const double> limits) {
  std::int32_t best = -1;
  for (std::size_t k = 0; k < p.size(); ++k)
    if (p[k] >= limits[k] - slack && (best < 0 || p[k] > p[index(best)])) best = static_cast<std::int32_t>(k);
  return best;
}

}  // namespace

SelfConfidence self_confidence(std::span<const std::int32_t> labels, std::span<const double> probabilities,
                               std::int32_t classes) {
  SelfConfidence all{std::vector<double>(index(classes), 0.0), std::vector<std::int64_t>(index(classes), 0)};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    all.sum[index(labels[i])] += probabilities[i * index(classes) + index(labels[i])];
    ++all.count[index(labels[i])];
  }
  return all;
}

std::vector<double> thresholds(const SelfConfidence& of_all) {
  std::vector<double> limits;
  for (std::size_t k = 0; k < of_all.sum.size(); ++k)
    limits.push_back(of_all.count[k] > 0 ? of_all.sum[k] / static_cast<double>(of_all.count[k]) : 1.0);
  return limits;
}

ConfidentJoint confident_joint(std::span<const std::int32_t> labels, std::span<const double> probabilities,
                               std::span<const double> class_thresholds) {
  const std::size_t classes = class_thresholds.size();
  ConfidentJoint joint{std::vector<std::int64_t>(classes * classes, 0), {}};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::span<const double> p = probabilities.subspan(i * classes, classes);
    const std::int32_t found = confident_class(p, class_thresholds), own = labels[i];
    if (found < 0) continue;
    ++joint.counts[index(own) * classes + index(found)];
    const bool own_is_most_probable = std::ranges::max_element(p) - p.begin() == own;
    if (found == own || own_is_most_probable) continue;
    joint.doubts.push_back({static_cast<std::int64_t>(i), found, p[index(own)]});
  }
  return joint;
}

std::vector<Overlap> overlaps(std::span<const std::int64_t> joint, std::span<const std::int64_t> class_rows,
                              double least_share) {
  const std::size_t classes = class_rows.size();
  std::vector<double> scale(classes, 0.0);  // of the lines of the joint
  for (std::size_t a = 0; a < classes; ++a) {
    std::int64_t sum = 0;
    for (const std::int64_t count : joint.subspan(a * classes, classes)) sum += count;
    if (sum > 0) scale[a] = static_cast<double>(class_rows[a]) / static_cast<double>(sum);
  }
  std::vector<Overlap> found;
  for (std::size_t a = 0; a < classes; ++a)
    for (std::size_t b = a + 1; b < classes; ++b) {
      const double rows = scale[a] * static_cast<double>(joint[a * classes + b]) +
                          scale[b] * static_cast<double>(joint[b * classes + a]);
      const double share = rows > 0 ? rows / static_cast<double>(class_rows[a] + class_rows[b]) : 0;
      if (rows >= least_overlap_rows && share >= least_share)
        found.push_back({static_cast<std::int32_t>(a), static_cast<std::int32_t>(b), rows, share});
    }
  std::ranges::stable_sort(found, std::ranges::greater(), &Overlap::share);
  return found;
}

}  // namespace pool3::audit
