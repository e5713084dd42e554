#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <random>

#include "pool3/partition.hpp"
#include "pool3/svm.hpp"
#include "svm/block_walk.hpp"
#include "svm/matrix.hpp"

namespace pool3 {
namespace {

using detail::column_unit;
using detail::ColumnTable;

/// Rows of a block. The walk costs b / (4 d) of the products' flops, but the products want wide panels.
constexpr std::int64_t block_rows = 128;
/// Times in an epoch that ranks exchange their updates (block-diagonal approximation).
constexpr std::int64_t rounds_per_epoch = 8;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

ColumnTable make_table(const std::vector<Column>& columns, Loss loss) {
  const auto m = static_cast<std::int64_t>(columns.size());
  const auto padded = index((m + column_unit - 1) / column_unit * column_unit);
  ColumnTable table;
  table.loss = loss;
  table.positive_class.assign(padded, -2);
  table.excluded_fold.assign(padded, -1);
  table.positive_cost.assign(padded, 1.0F);
  for (std::int64_t j = 0; j < m; ++j) {
    table.positive_class[index(j)] = columns[index(j)].positive_class;
    table.excluded_fold[index(j)] = columns[index(j)].excluded_fold;
  }
  return table;
}

void check_options(const SolverOptions& o) {
  if (!(o.tolerance > 0)) throw usage_error("--tolerance must be above 0");
  if (!(o.bias >= 0) || !std::isfinite(o.bias)) throw usage_error("--bias must be 0 or a positive number");
}

}  // namespace

double Fit::objective() const { return std::accumulate(primal.begin(), primal.end(), 0.0); }
double Fit::relative_gap() const {
  const double total = objective();
  const double gaps = std::accumulate(gap.begin(), gap.end(), 0.0);
  return total > 0 ? gaps / total : gaps;
}

struct Solver::Impl {
  const Communicator& comm;
  const Problem& problem;
  std::int64_t m;
  SolverOptions options;
  ColumnTable table;
  std::int64_t padded;
  std::mt19937_64 random;
  double last_C = 0;

  std::vector<float> w, bias_w;  // [dim, padded], [padded]
  std::vector<float> alpha;      // [rows, padded]
  std::vector<float> grams;      // one square a block
  std::vector<float> margins, delta, scratch;
  std::vector<std::int32_t> order;

  Impl(const Communicator& c, const Problem& p, std::vector<Column> columns, SolverOptions o)
      : comm(c),
        problem(p),
        m(static_cast<std::int64_t>(columns.size())),
        options(std::move(o)),
        table(make_table(columns, options.loss)),
        padded(table.padded()),
        random(options.seed + 1000003U * static_cast<std::uint64_t>(c.rank())) {
    check_options(options);
    detail::set_product_threads(options.threads);
    w.assign(index(p.dim * padded), 0.0F);
    bias_w.assign(index(padded), 0.0F);
    alpha.assign(index(p.rows * padded), 0.0F);
    margins.resize(index(block_rows * padded));
    delta.resize(index(block_rows * padded));
    order.reserve(index(block_rows));
    grams.resize(index(blocks() * block_rows * block_rows));
    const auto shift = static_cast<float>(options.bias * options.bias);
    for (std::int64_t b = 0; b < blocks(); ++b) {
      const RowRange rows = block(b);
      detail::gram(rows.size(), p.dim, features(rows), shift, gram_of(b));
    }
  }

  [[nodiscard]] std::int64_t blocks() const { return block_count(problem.rows, block_rows); }
  [[nodiscard]] RowRange block(std::int64_t b) const { return block_range(problem.rows, block_rows, b); }
  [[nodiscard]] const float* features(RowRange rows) const { return problem.x.data() + rows.begin * problem.dim; }
  float* gram_of(std::int64_t b) { return grams.data() + b * block_rows * block_rows; }
  float* alpha_of(RowRange rows) { return alpha.data() + rows.begin * padded; }
  [[nodiscard]] const std::int32_t* folds_of(RowRange rows) const {
    return problem.folds.empty() ? nullptr : problem.folds.data() + rows.begin;
  }

  void set_C(double C);
  void compute_margins(RowRange rows);
  detail::WalkSums visit(std::int64_t b);
  detail::WalkSums epoch();
  detail::WalkSums round(std::span<const std::int32_t> chunk);
  void combine(const std::vector<float>& w_before, const std::vector<float>& bias_before,
               const std::vector<std::vector<float>>& alpha_before, std::span<const std::int32_t> chunk);
  void rebuild_w();
  [[nodiscard]] double half_norm() const;
  void certify(Fit& fit);
};

void Solver::Impl::set_C(double C) {
  table.negative_cost = static_cast<float>(C);
  for (std::int64_t j = 0; j < m; ++j) {
    const auto k = index(table.positive_class[index(j)]);
    const double factor = options.positive_weights.empty() ? 1.0 : options.positive_weights.at(k);
    table.positive_cost[index(j)] = static_cast<float>(C * factor);
  }
  if (C >= last_C) return;  // a feasible start: the box only grows
  std::fill(alpha.begin(), alpha.end(), 0.0F);
  std::fill(w.begin(), w.end(), 0.0F);
  std::fill(bias_w.begin(), bias_w.end(), 0.0F);
}

void Solver::Impl::compute_margins(RowRange rows) {
  detail::multiply(rows.size(), padded, problem.dim, features(rows), w.data(), margins.data());
  const auto bias = static_cast<float>(options.bias);
  for (std::int64_t i = 0; i < rows.size(); ++i)
    for (std::int64_t j = 0; j < padded; ++j) margins[index(i * padded + j)] += bias * bias_w[index(j)];
}

/// One block: margins, walk, update of w and alpha.
detail::WalkSums Solver::Impl::visit(std::int64_t b) {
  const RowRange rows = block(b);
  order.resize(index(rows.size()));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  compute_margins(rows);
  const detail::BlockView view{.rows = rows.size(),
                               .gram = gram_of(b),
                               .labels = problem.labels.data() + rows.begin,
                               .folds = folds_of(rows),
                               .order = order,
                               .margins = margins.data(),
                               .alpha = alpha_of(rows),
                               .delta = delta.data()};
  const detail::WalkSums sums = detail::walk_block(table, view, scratch);
  detail::add_transposed_product(problem.dim, padded, rows.size(), features(rows), delta.data(), w.data());
  const auto bias = static_cast<float>(options.bias);
  for (std::int64_t i = 0; i < rows.size(); ++i)
    for (std::int64_t j = 0; j < padded; ++j) bias_w[index(j)] += bias * delta[index(i * padded + j)];
  return sums;
}

/// Visits every block once, in random order, exchanging updates as it goes. Collective.
detail::WalkSums Solver::Impl::epoch() {
  std::vector<std::int32_t> sequence(index(blocks()));
  std::iota(sequence.begin(), sequence.end(), 0);
  std::shuffle(sequence.begin(), sequence.end(), random);
  const std::int64_t rounds = comm.size() == 1 ? 1 : rounds_per_epoch;
  detail::WalkSums total;
  for (std::int64_t r = 0; r < rounds; ++r) {
    const RowRange share = even_share(blocks(), rounds, r);
    const auto part = round(std::span(sequence).subspan(index(share.begin), index(share.size())));
    total.gap += part.gap;
    total.loss += part.loss;
  }
  std::array<double, 2> sums = {total.gap, total.loss};
  comm.sum(std::span<double>(sums));
  return {sums[0], sums[1]};
}

/// Every rank walks its blocks of `chunk` as if the others stood still; then all updates are added, with one exact
/// step length a column (Lee and Chang, "Distributed block-diagonal approximation methods", 2019). Collective.
detail::WalkSums Solver::Impl::round(std::span<const std::int32_t> chunk) {
  std::vector<float> w_before, bias_before;
  std::vector<std::vector<float>> alpha_before;
  const bool alone = comm.size() == 1;
  if (!alone) {
    w_before = w;
    bias_before = bias_w;
    for (const std::int32_t b : chunk) {
      const RowRange rows = block(b);
      alpha_before.emplace_back(alpha_of(rows), alpha_of(rows) + rows.size() * padded);
    }
  }
  detail::WalkSums total;
  for (const std::int32_t b : chunk) {
    const auto part = visit(b);
    total.gap += part.gap;
    total.loss += part.loss;
  }
  if (!alone) combine(w_before, bias_before, alpha_before, chunk);
  return total;
}

void Solver::Impl::combine(const std::vector<float>& w_before, const std::vector<float>& bias_before,
                           const std::vector<std::vector<float>>& alpha_before, std::span<const std::int32_t> chunk) {
  // Sums over rows, for each column: slope = sum da - sum D a da (before w enters), curve = sum D da^2.
  std::vector<double> sums(index(2 * padded), 0.0);
  const auto diagonal = [&](bool positive, std::int64_t j) {
    if (options.loss == Loss::l1) return 0.0;
    return 0.5 / static_cast<double>(positive ? table.positive_cost[index(j)] : table.negative_cost);
  };
  for (std::size_t c = 0; c < chunk.size(); ++c) {
    const RowRange rows = block(chunk[c]);
    for (std::int64_t i = 0; i < rows.size(); ++i) {
      const std::int32_t label = problem.labels[index(rows.begin + i)];
      for (std::int64_t j = 0; j < padded; ++j) {
        const double before = static_cast<double>(alpha_before[c][index(i * padded + j)]);
        const double step = static_cast<double>(alpha_of(rows)[i * padded + j]) - before;
        const double d = diagonal(table.positive_class[index(j)] == label, j);
        sums[index(j)] += step - d * before * step;
        sums[index(padded + j)] += d * step * step;
      }
    }
  }
  comm.sum(std::span<double>(sums));
  for (std::size_t i = 0; i < w.size(); ++i) w[i] -= w_before[i];
  for (std::size_t j = 0; j < bias_w.size(); ++j) bias_w[j] -= bias_before[j];
  comm.sum(std::span<float>(w));
  comm.sum(std::span<float>(bias_w));

  std::vector<double> dot(index(padded), 0.0), square(index(padded), 0.0);
  const auto add = [&](std::int64_t j, float before, float step) {
    dot[index(j)] += static_cast<double>(before) * static_cast<double>(step);
    square[index(j)] += static_cast<double>(step) * static_cast<double>(step);
  };
  for (std::int64_t r = 0; r < problem.dim; ++r)
    for (std::int64_t j = 0; j < padded; ++j) add(j, w_before[index(r * padded + j)], w[index(r * padded + j)]);
  for (std::int64_t j = 0; j < padded; ++j) add(j, bias_before[index(j)], bias_w[index(j)]);

  std::vector<float> eta(index(padded), 0.0F);
  for (std::int64_t j = 0; j < padded; ++j) {
    const double curve = square[index(j)] + sums[index(padded + j)];
    // A step of at most 1 keeps every alpha in its box.
    if (curve > 0) eta[index(j)] = static_cast<float>(std::clamp((sums[index(j)] - dot[index(j)]) / curve, 0.0, 1.0));
  }
  for (std::int64_t r = 0; r < problem.dim; ++r)
    for (std::int64_t j = 0; j < padded; ++j) {
      const auto at = index(r * padded + j);
      w[at] = w_before[at] + eta[index(j)] * w[at];
    }
  for (std::int64_t j = 0; j < padded; ++j) bias_w[index(j)] = bias_before[index(j)] + eta[index(j)] * bias_w[index(j)];
  for (std::size_t c = 0; c < chunk.size(); ++c) {
    const RowRange rows = block(chunk[c]);
    float* a = alpha_of(rows);
    for (std::int64_t i = 0; i < rows.size() * padded; ++i) {
      const float before = alpha_before[c][index(i)];
      a[i] = before + eta[index(i % padded)] * (a[i] - before);
    }
  }
}

/// w = sum a y x from alpha, summed in double: float updates drift. Collective.
void Solver::Impl::rebuild_w() {
  std::vector<double> sum(w.size() + bias_w.size(), 0.0);
  std::vector<float> part(w.size());
  for (std::int64_t b = 0; b < blocks(); ++b) {
    const RowRange rows = block(b);
    const float* a = alpha_of(rows);
    for (std::int64_t i = 0; i < rows.size(); ++i) {
      const std::int32_t label = problem.labels[index(rows.begin + i)];
      for (std::int64_t j = 0; j < padded; ++j) {
        const float signed_alpha = table.positive_class[index(j)] == label ? a[i * padded + j] : -a[i * padded + j];
        delta[index(i * padded + j)] = signed_alpha;
        sum[w.size() + index(j)] += options.bias * static_cast<double>(signed_alpha);
      }
    }
    detail::transposed_product(problem.dim, padded, rows.size(), features(rows), delta.data(), part.data());
    for (std::size_t i = 0; i < w.size(); ++i) sum[i] += static_cast<double>(part[i]);
  }
  comm.sum(std::span<double>(sum));
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(sum[i]);
  for (std::size_t j = 0; j < bias_w.size(); ++j) bias_w[j] = static_cast<float>(sum[w.size() + j]);
}

double Solver::Impl::half_norm() const {
  double sum = 0;
  for (const float v : w) sum += static_cast<double>(v) * static_cast<double>(v);
  for (const float v : bias_w) sum += static_cast<double>(v) * static_cast<double>(v);
  return 0.5 * sum;
}

/// Exact gap and primal of every column, at w rebuilt from alpha. Collective.
void Solver::Impl::certify(Fit& fit) {
  rebuild_w();
  std::vector<double> gap(index(2 * padded), 0.0);
  const std::span<double> all(gap);
  for (std::int64_t b = 0; b < blocks(); ++b) {
    const RowRange rows = block(b);
    compute_margins(rows);
    detail::add_certificate(table, rows.size(), problem.labels.data() + rows.begin, folds_of(rows), margins.data(),
                            alpha_of(rows), all.first(index(padded)), all.last(index(padded)));
  }
  comm.sum(all);
  fit.gap.assign(gap.begin(), gap.begin() + m);
  fit.primal.assign(gap.begin() + padded, gap.begin() + padded + m);
  for (std::int64_t r = 0; r < problem.dim; ++r)
    for (std::int64_t j = 0; j < m; ++j) {
      const auto v = static_cast<double>(w[index(r * padded + j)]);
      fit.primal[index(j)] += 0.5 * v * v;
    }
  for (std::int64_t j = 0; j < m; ++j) {
    const auto v = static_cast<double>(bias_w[index(j)]);
    fit.primal[index(j)] += 0.5 * v * v;
  }
}

Solver::Solver(const Communicator& comm, const Problem& problem, std::vector<Column> columns, SolverOptions options)
    : impl_(std::make_unique<Impl>(comm, problem, std::move(columns), std::move(options))) {}
Solver::~Solver() = default;

Fit Solver::solve(double C, const std::function<void(const SolverProgress&)>& progress) {
  if (!(C > 0) || !std::isfinite(C)) throw usage_error("--C must be above 0");
  Impl& s = *impl_;
  const auto start = std::chrono::steady_clock::now();
  const std::int64_t bytes_before = s.comm.bytes_sent();
  s.set_C(C);
  s.last_C = C;
  Fit fit{.columns = s.m, .dim = s.problem.dim};
  double trigger = s.options.tolerance;  // estimate at which a certificate is worth its price
  while (!fit.converged && fit.epochs < s.options.max_epochs) {
    const detail::WalkSums sums = s.epoch();
    ++fit.epochs;
    const double estimate = sums.gap / std::max(sums.loss + s.half_norm(), std::numeric_limits<double>::min());
    if (progress) progress({.epoch = fit.epochs, .gap = estimate, .tolerance = s.options.tolerance});
    if (estimate > trigger && fit.epochs < s.options.max_epochs) continue;
    s.certify(fit);
    fit.converged = fit.relative_gap() <= s.options.tolerance;
    trigger = 0.7 * estimate;
  }
  fit.w.resize(index(s.problem.dim * s.m));
  for (std::int64_t r = 0; r < s.problem.dim; ++r)
    std::copy_n(s.w.begin() + r * s.padded, s.m, fit.w.begin() + r * s.m);
  for (std::int64_t j = 0; j < s.m; ++j)
    fit.intercept.push_back(s.options.bias * static_cast<double>(s.bias_w[index(j)]));
  fit.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fit.bytes_sent = s.comm.bytes_sent() - bytes_before;
  return fit;
}

}  // namespace pool3
