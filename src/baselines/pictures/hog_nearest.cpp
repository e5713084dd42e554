#include <array>
#include <cmath>
#include <numeric>

#include "baselines/nearest_labels.hpp"
#include "baselines/pictures/small_picture.hpp"
#include "pool3/baselines.hpp"

// One build runs on every CPU (not under sanitizers, which can't run before the loader is done).
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define POOL3_BASELINE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define POOL3_BASELINE_CLONES
#endif

namespace pool3 {
namespace {

constexpr std::int64_t lanes = 16;
/// More than a sum in float is wrong by, relative.
constexpr double rounding = 1e-5;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// About |a - b|_1.
POOL3_BASELINE_CLONES float about(const float* a, const float* b, std::int64_t dim) {
  std::array<float, lanes> sums{};
  std::int64_t j = 0;
  for (; j + lanes <= dim; j += lanes)
    for (std::int64_t l = 0; l < lanes; ++l) sums[static_cast<std::size_t>(l)] += std::fabs(a[j + l] - b[j + l]);
  float sum = std::accumulate(sums.begin(), sums.end(), 0.0F);
  for (; j < dim; ++j) sum += std::fabs(a[j] - b[j]);
  return sum;
}

double exact(const float* a, const float* b, std::int64_t dim) {
  double sum = 0;
  for (std::int64_t j = 0; j < dim; ++j) sum += std::abs(static_cast<double>(a[j]) - static_cast<double>(b[j]));
  return sum;
}

std::vector<float> descriptors(std::span<const std::uint8_t> pictures) {
  constexpr std::size_t bytes = std::size_t{picture_side} * picture_side * 3;
  std::vector<float> all;
  all.reserve(pictures.size() / bytes * index(hog_size));
  for (std::size_t at = 0; at < pictures.size(); at += bytes) {
    const auto one = hog_descriptor(baselines::grey_of(pictures.subspan(at, bytes)));
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

/// The nearest of `rows` to each query, by sums of absolute differences.
NeighbourTable nearest_by_sums(const baselines::LabelledShare& rows, std::span<const float> queries) {
  NeighbourTable table{.top = 1, .entries = std::vector<Neighbour>(queries.size() / index(rows.dim))};
  for (std::size_t q = 0; q < table.entries.size(); ++q) {
    const float* query = queries.data() + q * index(rows.dim);
    for (std::size_t i = 0; i < rows.labels.size(); ++i) {
      const float* row = rows.x.data() + i * index(rows.dim);
      if (static_cast<double>(about(query, row, rows.dim)) * (1 - rounding) > table.entries[q].distance) continue;
      const Neighbour here{exact(query, row, rows.dim), rows.numbers[i]};
      if (table.entries[q].row < 0 || here < table.entries[q]) table.entries[q] = here;
    }
  }
  return table;
}

}  // namespace

Verdicts hog_verdicts(const Communicator& comm, const BaselineRows& rows, const BaselinePictures& pictures) {
  const auto x = descriptors(pictures.training);
  const baselines::LabelledShare share{x, hog_size, rows.training.labels, rows.training.origin};
  return {.predicted = baselines::nearest_labels(
              comm, share, descriptors(pictures.held_out),
              [&](std::span<const float> queries) { return nearest_by_sums(share, queries); }),
          .model_bytes = static_cast<double>(comm.sum(rows.training.rows) * hog_size) * sizeof(float)};
}

}  // namespace pool3
