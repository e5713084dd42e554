#include "pool3/svm/landmarks.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "pool3/mpi/gather.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"
#include "svm/algebra/eigenvectors.hpp"
#include "svm/algebra/mixed.hpp"
#include "svm/model/columns.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3 {
namespace {

using Doubles = svm::Matrix<double>;

constexpr double least_eigenvalue = 1e-6;
/// Landmarks whose distances to each other give the median, as of SharedRows.
constexpr std::int64_t sampled_rows = 2048;

/// A row of any rank.
struct Candidate {
  std::int32_t label;
  std::int64_t origin, place;  ///< place: among the rows of all ranks, rank by rank
  std::uint64_t hash;
};

/// All rows, by rank. Collective.
std::vector<Candidate> gather_rows(const Communicator& comm, const Problem& problem, std::int64_t first,
                                   std::uint64_t seed) {
  const std::int64_t rows = comm.sum(problem.rows);
  std::vector<std::int64_t> table(index(2 * rows), 0);
  for (std::int64_t i = 0; i < problem.rows; ++i) {
    table[index(2 * (first + i))] = problem.labels[index(i)];
    table[index(2 * (first + i) + 1)] = problem.origin[index(i)];
  }
  comm.sum(std::span<std::int64_t>(table));
  std::vector<Candidate> all;
  all.reserve(index(rows));
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t origin = table[index(2 * i + 1)];
    all.push_back({static_cast<std::int32_t>(table[index(2 * i)]), origin, i, svm::mixed(seed, origin)});
  }
  return all;
}

/// Those whose place in their class, as a share of it, is the least: first one of each class.
std::vector<Candidate> choose(std::vector<Candidate> all, std::int64_t classes, std::int64_t count) {
  std::ranges::sort(all, {}, [](const Candidate& c) { return std::tuple(c.label, c.hash, c.origin); });
  std::vector<double> rows(index(classes), 0.0), seen(index(classes), 0.0), share;
  for (const Candidate& c : all) ++rows[index(c.label)];
  for (const Candidate& c : all) share.push_back(seen[index(c.label)]++ / rows[index(c.label)]);
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return share[i]; });
  std::vector<Candidate> chosen;
  for (std::int64_t i = 0; i < std::min(count, std::ssize(all)); ++i) chosen.push_back(all[order[index(i)]]);
  std::ranges::sort(chosen, {}, [](const Candidate& c) { return std::tuple(c.label, c.origin, c.place); });
  return chosen;
}

/// The variance of all numbers. Collective.
double variance_of(const Communicator& comm, const Problem& problem) {
  double sum = 0, squares = 0;
  svm::for_each_panel<double>(problem, svm::margin_rows, [&](RowRange, const auto& x) {
    sum += x.sum();
    squares += x.squaredNorm();
  });
  const double numbers = static_cast<double>(comm.sum(problem.rows) * problem.dim), mean = comm.sum(sum) / numbers;
  return comm.sum(squares) / numbers - mean * mean;
}

/// |x - y|^2 of rows x and y, at least 0.
Doubles distances(const Eigen::Ref<const Doubles>& x, const Eigen::Ref<const Doubles>& y,
                  const Eigen::Ref<const Eigen::VectorXd>& squares_of_y) {
  Doubles d(x.rows(), y.rows());
  d.noalias() = -2.0 * x * y.transpose();
  d.colwise() += x.rowwise().squaredNorm();
  d.rowwise() += squares_of_y.transpose();
  d = d.cwiseMax(0.0);
  return d;
}

double median_distance(const Landmarks& landmarks) {
  const std::int64_t step = std::max<std::int64_t>(1, landmarks.count() / sampled_rows);
  const Eigen::Map<const svm::Matrix<float>> all(landmarks.x.data(), landmarks.count(), landmarks.dim);
  Doubles some((landmarks.count() + step - 1) / step, landmarks.dim);
  for (std::int64_t i = 0; i < some.rows(); ++i) some.row(i) = all.row(i * step).cast<double>();
  const Doubles d = distances(some, some, some.rowwise().squaredNorm());
  std::vector<double> below;
  for (std::int64_t i = 0; i < d.rows(); ++i) below.insert(below.end(), d.row(i).data(), d.row(i).data() + i);
  if (below.empty()) return 0;
  const auto middle = below.begin() + std::ssize(below) / 2;
  std::nth_element(below.begin(), middle, below.end());
  return *middle;
}

}  // namespace

Landmarks choose_landmarks(const Communicator& comm, const Problem& problem, std::int64_t count, std::uint64_t seed) {
  const std::int64_t first = sum_before(comm, problem.rows), dim = problem.dim;
  const auto chosen = choose(gather_rows(comm, problem, first, seed), problem.classes, count);
  Landmarks found{.dim = dim, .x = {}, .labels = {}, .origin = {}};
  found.x.assign(chosen.size() * index(dim), 0.0F);
  svm::FeatureRows features(problem);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    found.labels.push_back(chosen[i].label);
    found.origin.push_back(chosen[i].origin);
    const std::int64_t mine = chosen[i].place - first;
    if (mine < 0 || mine >= problem.rows) continue;
    std::copy_n(features({mine, mine + 1}).data(), dim, found.x.begin() + static_cast<std::ptrdiff_t>(i) * dim);
  }
  comm.sum(std::span<float>(found.x));
  return found;
}

double gamma_of(const Communicator& comm, const Gamma& gamma, const Problem& problem, const Landmarks& landmarks) {
  const double variance = gamma.unit == Gamma::Unit::scale ? variance_of(comm, problem) : 0;
  std::vector<double> value(1, 0.0);
  comm.root_does([&] {
    const double median = gamma.unit == Gamma::Unit::median ? median_distance(landmarks) : 0;
    value[0] = gamma.of(problem.dim, median, variance);
  });
  comm.broadcast(std::span<double>(value));
  return value[0];
}

LandmarkMap::LandmarkMap(const Communicator& comm, const Landmarks& landmarks, double gamma, int threads)
    : count_(landmarks.count()),
      dim_(landmarks.dim),
      gamma_(gamma),
      threads_(threads),
      x_(landmarks.x.begin(), landmarks.x.end()),
      squares_(index(count_)),
      root_(index(count_ * count_)) {
  share_products(threads);
  const Eigen::Map<const Doubles> x(x_.data(), count_, dim_);
  Eigen::Map<Eigen::VectorXd> squares(squares_.data(), count_);
  squares = x.rowwise().squaredNorm();
  comm.root_does([&] {
    Doubles k = (-gamma_ * distances(x, x, squares).array()).exp();
    k.diagonal().setOnes();
    auto pairs = svm::eigenvectors(std::move(k));
    pairs.vectors.array().colwise() *= pairs.values.array().max(least_eigenvalue).pow(-0.25);
    Eigen::Map<Doubles>(root_.data(), count_, count_).noalias() = pairs.vectors.transpose() * pairs.vectors;
  });
  comm.broadcast(std::span<double>(root_));
}

Problem LandmarkMap::operator()(const Problem& problem) const {
  Problem mapped{.rows = problem.rows, .dim = count_, .classes = problem.classes};
  mapped.labels = problem.labels;
  mapped.folds = problem.folds;
  mapped.weights = problem.weights;
  mapped.origin = problem.origin;
  mapped.x.resize(index(problem.rows * count_));
  map_rows(problem, mapped.x);
  return mapped;
}

void LandmarkMap::map_rows(const Problem& problem, std::span<float> to) const {
  share_products(threads_);
  const Eigen::Map<const Doubles> landmarks(x_.data(), count_, dim_), root(root_.data(), count_, count_);
  const Eigen::Map<const Eigen::VectorXd> squares(squares_.data(), count_);
  Eigen::Map<svm::Matrix<float>> z(to.data(), problem.rows, count_);
  svm::for_each_panel<double>(problem, svm::margin_rows, [&](RowRange rows, const auto& x) {
    const Doubles k = (-gamma_ * distances(x, landmarks, squares).array()).exp();
    Doubles part(rows.size(), count_);
    part.noalias() = k * root;
    z.middleRows(rows.begin, rows.size()) = part.cast<float>();
  });
}

std::vector<double> LandmarkMap::coefficients(const Fit& fit) const {
  const Eigen::Map<const Doubles> root(root_.data(), count_, count_), w(fit.w.data(), count_, fit.columns);
  std::vector<double> found(index(count_ * fit.columns));
  Eigen::Map<Doubles>(found.data(), fit.columns, count_).noalias() = w.transpose() * root;
  return found;
}

}  // namespace pool3
