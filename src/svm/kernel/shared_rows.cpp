#include "svm/kernel/shared_rows.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "pool3/mpi/gather.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"
#include "svm/algebra/mixed.hpp"
#include "svm/model/columns.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3 {
namespace {

/// Rows of a tile of the product. Tiles are the same for any number of ranks, so their bits are, too.
constexpr std::int64_t tile_rows = 512;
constexpr std::int64_t sampled_rows = 2048;

int count_nodes(const Communicator& comm, const Communicator& node) {
  return static_cast<int>(comm.sum(node.is_root() ? std::int64_t{1} : std::int64_t{0}));
}

/// The how-many-th node this is.
int node_number(const Communicator& comm, const Communicator& node) {
  std::vector<std::int64_t> firsts(index(comm.size()), 0);
  if (node.is_root()) firsts[index(comm.rank())] = 1;
  comm.sum(std::span<std::int64_t>(firsts));
  std::vector<std::int64_t> mine(1, 0);
  if (node.is_root()) mine[0] = std::accumulate(firsts.begin(), firsts.begin() + comm.rank(), std::int64_t{0});
  node.sum(std::span<std::int64_t>(mine));
  return static_cast<int>(mine[0]);
}

}  // namespace

/// Where this rank's rows lie among all.
struct SharedRows::Impl::Layout {
  std::vector<std::int64_t> place;  ///< [rows of this rank]
};

SharedRows::Impl::Impl(const Communicator& c, Communicator sharing, const Problem& mine, bool centering)
    : comm(c),
      node(std::move(sharing)),
      leaders(c.split(node.rank())),
      node_index(node_number(c, node)),
      nodes(count_nodes(c, node)),
      rows(c.sum(mine.rows)),
      dim(mine.dim),
      classes(mine.classes),
      centred(centering),
      counter(node) {
  x_ = SharedMemory(node, rows * dim * std::int64_t{sizeof(float)});
}

SharedRows::Impl::Impl(const Communicator& c, Communicator sharing, const Problem& mine, bool centering, int threads)
    : Impl(c, std::move(sharing), mine, centering) {
  share_products(threads);
  gather_features(mine, gather_tables(mine, {}));
  centre();
  gram_ = SharedMemory(node, rows * rows * std::int64_t{sizeof(float)});
  multiply();
}

SharedRows::Impl::Impl(const Communicator& c, const Problem& mine, bool centering, std::uint64_t seed)
    : Impl(c, c.split_by_node(), mine, centering) {
  gather_features(mine, gather_tables(mine, seed));
  if (centred) centre();
}

/// Labels, folds, weights and origins of all rows. Collective.
SharedRows::Impl::Layout SharedRows::Impl::gather_tables(const Problem& mine, std::optional<std::uint64_t> seed) {
  const std::int64_t first = sum_before(comm, mine.rows);
  // A row's label, fold, weight (as doubles) and origin, by rank.
  std::vector<double> table(index(3 * rows), 0.0);
  std::vector<std::int64_t> origins(index(rows), 0);
  for (std::int64_t i = 0; i < mine.rows; ++i) {
    const std::int64_t at = first + i;
    table[index(3 * at)] = mine.labels[index(i)];
    table[index(3 * at + 1)] = mine.folds.empty() ? -1 : mine.folds[index(i)];
    table[index(3 * at + 2)] = mine.weights.empty() ? 1.0 : static_cast<double>(mine.weights[index(i)]);
    origins[index(at)] = mine.origin.empty() ? at : mine.origin[index(i)];
  }
  comm.sum(std::span<double>(table));
  comm.sum(std::span<std::int64_t>(origins));
  std::vector<std::int64_t> order(index(rows));
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](std::int64_t at) {
    const std::uint64_t mixed = seed ? svm::mixed(*seed, origins[index(at)]) : 0;
    return std::tuple(mixed, seed ? 0.0 : table[index(3 * at)], origins[index(at)], at);
  };
  std::ranges::sort(order, {}, key);
  const bool has_folds = !comm.all(mine.folds.empty()), has_weights = !comm.all(mine.weights.empty());
  Layout layout{std::vector<std::int64_t>(index(mine.rows))};
  for (std::int64_t to = 0; to < rows; ++to) {
    const std::int64_t at = order[index(to)];
    labels.push_back(static_cast<std::int32_t>(table[index(3 * at)]));
    if (has_folds) folds.push_back(static_cast<std::int32_t>(table[index(3 * at + 1)]));
    if (has_weights) weights.push_back(static_cast<float>(table[index(3 * at + 2)]));
    origin.push_back(origins[index(at)]);
    if (at >= first && at < first + mine.rows) layout.place[index(at - first)] = to;
  }
  return layout;
}

void SharedRows::Impl::gather_features(const Problem& mine, const Layout& layout) {
  auto all = x();
  svm::for_each_panel<float>(mine, svm::margin_rows, [&](RowRange some, const auto& features) {
    for (std::int64_t i = 0; i < some.size(); ++i) all.row(layout.place[index(some.begin + i)]) = features.row(i);
  });
  sum_over_nodes<float>(*this, x_);
}

/// Every rank of a node has a share of the features, then of the rows. Each sum has one order.
void SharedRows::Impl::centre() {
  auto all = x();
  const SharedMemory sums(node, (dim + rows) * std::int64_t{sizeof(double)});
  const auto numbers = sums.as<double>();
  const RowRange features = even_share(dim, node.size(), node.rank()),
                 some = even_share(rows, node.size(), node.rank());
  Eigen::Map<Eigen::RowVectorXd> means(numbers.data(), dim);
  Eigen::Map<Eigen::VectorXd> norms(numbers.data() + dim, rows);
  for (std::int64_t i = 0; i < rows; ++i)
    means.segment(features.begin, features.size()) +=
        all.row(i).segment(features.begin, features.size()).cast<double>();
  means.segment(features.begin, features.size()) /= static_cast<double>(rows);
  sums.sync();
  for (Row i = some.begin; i < some.end; ++i) norms[i] = (all.row(i).cast<double>() - means).squaredNorm();
  sums.sync();
  double total = 0;
  for (std::int64_t i = 0; i < rows; ++i) total += norms[i];
  sums.sync();  // before any rank writes norms anew
  const double scale = centred && total > 0 ? std::sqrt(total / static_cast<double>(rows)) : 1.0;
  mean.assign(means.begin(), means.end());
  if (centred) standardisation = {mean, scale};
  for (Row i = some.begin; i < some.end; ++i) {
    const Eigen::RowVectorXd away = (all.row(i).cast<double>() - means) / scale;
    all.row(i) = away.cast<float>();
    norms[i] = all.row(i).cast<double>().squaredNorm();
  }
  sums.sync();
  squares = norms;
  sums.sync();
  if (centred) return;
  common = means.squaredNorm();
  for (Row i = some.begin; i < some.end; ++i) norms[i] = all.row(i).cast<double>().dot(means);
  sums.sync();
  shift.assign(norms.begin(), norms.end());
  sums.sync();
}

/// Tiles on and above the diagonal; each gives two.
void SharedRows::Impl::multiply() {
  const auto all = x();
  Eigen::Map<svm::Matrix<float>> out(gram_.as<float>().data(), rows, rows);
  const std::int64_t tiles = block_count(rows, tile_rows);
  counter.reset();
  svm::Matrix<float> part;
  for (std::int64_t task = counter.next(); task < tiles * tiles; task = counter.next()) {
    const std::int64_t top = task / tiles, left = task % tiles;
    if (left < top) continue;
    const RowRange a = block_range(rows, tile_rows, top), b = block_range(rows, tile_rows, left);
    part.noalias() = all.middleRows(a.begin, a.size()) * all.middleRows(b.begin, b.size()).transpose();
    if (left == top) part.triangularView<Eigen::StrictlyLower>() = part.transpose();
    out.block(a.begin, b.begin, a.size(), b.size()) = part;
    if (left > top) out.block(b.begin, a.begin, b.size(), a.size()) = part.transpose();
  }
  gram_.sync();
}

SharedRows::SharedRows(const Communicator& comm, const Problem& mine, bool centering, int threads)
    : SharedRows(comm, comm.split_by_node(), mine, centering, threads) {}
SharedRows::SharedRows(const Communicator& comm, Communicator sharing, const Problem& mine, bool centering, int threads)
    : impl_(std::make_unique<Impl>(comm, std::move(sharing), mine, centering, threads)) {}
SharedRows::~SharedRows() = default;
std::int64_t SharedRows::rows() const { return impl_->rows; }
std::int64_t SharedRows::dim() const { return impl_->dim; }
std::int32_t SharedRows::classes() const { return impl_->classes; }
std::span<const std::int32_t> SharedRows::labels() const { return impl_->labels; }
std::span<const std::int32_t> SharedRows::folds() const { return impl_->folds; }
std::span<const std::int64_t> SharedRows::origin() const { return impl_->origin; }
const Standardisation& SharedRows::standardisation() const { return impl_->standardisation; }

std::vector<std::int64_t> SharedRows::class_rows() const {
  std::vector<std::int64_t> counts(index(impl_->classes), 0);
  for (const std::int32_t label : impl_->labels) ++counts[index(label)];
  return counts;
}

double SharedRows::median_distance() const {
  const std::int64_t n = impl_->rows, step = std::max<std::int64_t>(1, n / sampled_rows);
  std::vector<float> distances;
  for (std::int64_t i = 0; i < n; i += step)
    for (std::int64_t j = 0; j < i; j += step)
      distances.push_back(static_cast<float>(impl_->squares[i] + impl_->squares[j] -
                                             2 * static_cast<double>(impl_->gram()[index(i * n + j)])));
  if (distances.empty()) return 0;
  const auto middle = distances.begin() + std::ssize(distances) / 2;
  std::nth_element(distances.begin(), middle, distances.end());
  return static_cast<double>(*middle);
}

double SharedRows::variance() const {
  const double numbers = static_cast<double>(impl_->dim);
  const double of_rows = impl_->squares.sum() / static_cast<double>(impl_->rows) / numbers;
  if (impl_->centred) return of_rows;
  const Eigen::Map<const Eigen::ArrayXd> mean(impl_->mean.data(), impl_->dim);
  return of_rows + (mean - mean.mean()).square().mean();
}

}  // namespace pool3
