// The products inside the solver beside the BLAS's square product of 2048, and its own loops beside a library's, in
// turn on one core.
//   bench_svm_products [COLUMNS [REPEATS]]
// Prints GFLOP/s of CPU time, the median of the repeats, and the ratio to the case named first, the median of ratios in
// a round.

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "pool3/numbers.hpp"
#include "pool3/threads.hpp"
#include "svm/algebra/cholesky.hpp"
#include "svm/algebra/products.hpp"
#include "svm/algebra/support_products.hpp"
#include "svm/descent/block_walk.hpp"
#include "svm/model/feature_rows.hpp"
#include "svm/newton/smoothed_loss.hpp"

namespace {

using Matrix = pool3::svm::Matrix<float>;
using pool3::RowRange;

struct Case {
  std::string name;
  double flops;  ///< of one call
  std::function<void()> run;
};

/// GFLOP/s over about 1e10 flops.
double rate(const Case& c) {
  const int calls = std::max(1, static_cast<int>(1e10 / c.flops));
  const std::clock_t start = std::clock();
  for (int i = 0; i < calls; ++i) c.run();
  return 1e-9 * calls * c.flops * CLOCKS_PER_SEC / static_cast<double>(std::clock() - start);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Matrix noise(std::int64_t rows, std::int64_t columns) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  Matrix out(rows, columns);
  for (Eigen::Index i = 0; i < out.size(); ++i) out.data()[i] = normal(random);
  return out;
}

double flops(std::int64_t m, std::int64_t n, std::int64_t k) { return 2.0 * static_cast<double>(m * n * k); }

/// Runs the cases in turn and prints a table.
void measure(const std::string& title, const std::vector<Case>& cases, int repeats) {
  std::vector<std::vector<double>> rates(cases.size()), ratios(cases.size());
  for (int r = 0; r < repeats; ++r)
    for (std::size_t i = 0; i < cases.size(); ++i) {
      rates[i].push_back(rate(cases[i]));
      ratios[i].push_back(rates[i].back() / rates[0].back());
    }
  fmt::print("\n{:<52}{:>10}{:>10}\n", title, "GFLOP/s", "ratio");
  for (std::size_t i = 0; i < cases.size(); ++i)
    fmt::print("{:<52}{:>10.1f}{:>10.2f}\n", cases[i].name, median(rates[i]), median(ratios[i]));
}

constexpr std::int64_t dim = 2048, rows = 4096, block = 128;

void measure_products(std::int64_t columns, int repeats) {
  const Matrix x = noise(rows, dim), v = noise(dim, columns), u = noise(rows, columns), square = noise(dim, dim);
  Matrix of_rows(rows, columns), of_features(dim, columns), of_square(dim, dim), of_columns(columns, dim);
  pool3::Problem floats{.rows = rows, .dim = dim}, halves = floats;
  floats.x.assign(x.data(), x.data() + x.size());
  std::transform(floats.x.begin(), floats.x.end(), std::back_inserter(halves.halves), pool3::half_of_float);
  const auto margins = [&](const pool3::Problem& p) {
    pool3::svm::for_each_panel<float>(p, pool3::svm::margin_rows, [&](RowRange r, const auto& panel) {
      of_rows.middleRows(r.begin, r.size()).noalias() = panel * v;
    });
  };
  const auto back = [&](const pool3::Problem& p) {
    pool3::svm::for_each_panel<float>(p, pool3::svm::back_rows, [&](RowRange r, const auto& panel) {
      of_features.noalias() += panel.transpose() * u.middleRows(r.begin, r.size());
    });
  };
  const double all = flops(rows, columns, dim), some = flops(block, columns, dim), gram = flops(dim, columns, dim);
  measure(fmt::format("products, {} columns", columns),
          {{"square, 2048", flops(dim, dim, dim), [&] { of_square.noalias() = square * x.topRows(dim); }},
           {"margins of 4096 rows, in panels (Newton)", all, [&] { margins(floats); }},
           {"back from 4096 rows, in panels (Newton)", all, [&] { back(floats); }},
           {"the same margins, float16", all, [&] { margins(halves); }},
           {"the same back, float16", all, [&] { back(halves); }},
           {"margins of 128 rows (descent)", some, [&] { of_rows.topRows(block).noalias() = x.topRows(block) * v; }},
           {"back from 128 rows (descent)", some,
            [&] { of_features.noalias() += x.topRows(block).transpose() * u.topRows(block); }},
           {"columns times a Gram matrix of 2048, transposed", gram,
            [&] { of_columns.noalias() = v.transpose().eval() * square.transpose(); }}},
          repeats);
}

/// One factorisation and solution of `n` rows.
void measure_cholesky(std::int64_t n, int repeats) {
  Matrix a = noise(n, n + 50);
  a = (a * a.transpose() / static_cast<float>(n) + Matrix::Identity(n, n)).eval();
  const pool3::svm::Vector<float> right = noise(n, 1);
  const double work = flops(n, n, n) / 6;
  measure(fmt::format("Cholesky of {} rows", n),
          {{"Eigen's LLT, over BLAS", work,
            [&] {
              const Eigen::LLT<Matrix> factor(a);
              if (factor.solve(right).hasNaN()) std::abort();
            }},
           {"own", work,
            [&] {
              pool3::svm::PositiveSystem<float> system(n);
              for (std::int64_t i = 0; i < n; ++i) std::copy_n(a.row(i).data(), i + 1, system.row(i));
              system.right() = right;
              if (!system.solve()) std::abort();
            }}},
          repeats);
}

/// A pass of conjugate gradients of which a part of the (row, column) pairs counts; flops are those of the pairs.
void measure_supports(std::int64_t columns, int in_hundred, int repeats) {
  const pool3::Communicator comm = pool3::Communicator::world();
  const Matrix x = noise(rows, dim), v = noise(dim + 1, columns);
  pool3::Problem problem{.rows = rows, .dim = dim};
  problem.x.assign(x.data(), x.data() + x.size());
  const pool3::svm::Objective objective{comm, problem, 1, {}};
  Matrix h = Matrix::Ones(rows, columns);
  for (Eigen::Index i = 0; i < h.size(); ++i)
    if (i * 7919 % 100 >= in_hundred) h.data()[i] = 0;
  const pool3::svm::SupportProducts<float> pairs(objective, h);
  const double work = 2 * flops(rows, columns, dim) * in_hundred / 100;
  float sink = 0;
  measure(fmt::format("a pass with {} of 100 pairs, {} columns", in_hundred, columns),
          {{"whole products", work,
            [&] {
              const Matrix weighted = pool3::svm::margins(objective, v).cwiseProduct(h);
              sink += pool3::svm::combine_rows(objective, weighted)(0, 0);
            }},
           {"own, over the pairs", work, [&] { sink += pairs.curved(v)(0, 0); }}},
          repeats);
  if (sink == 1) fmt::print(" ");
}

/// The walk over a block beside the same with Eigen's arrays; flops are those of the Gram matrix.
void measure_walk(std::int64_t columns, int repeats) {
  pool3::svm::ColumnTable table;
  table.positive_class.assign(static_cast<std::size_t>(columns), 1);
  table.excluded_fold.assign(static_cast<std::size_t>(columns), -1);
  table.positive_cost.assign(static_cast<std::size_t>(columns), 1.0F);
  const Matrix x = noise(block, dim) / 45, gram = x * x.transpose(), margins = noise(block, columns);
  Matrix alpha = Matrix::Zero(block, columns), delta = alpha;
  std::vector<std::int32_t> labels, order;
  for (std::int32_t i = 0; i < block; ++i) labels.push_back(i % 3), order.push_back((i * 37) % block);
  std::vector<float> scratch;
  pool3::svm::BlockView view{gram, labels, {}, {}, order, margins, alpha, delta};
  const auto in_eigen = [&] {
    alpha.setZero();  // a walk that has nothing left to do meets denormal numbers
    const float d = 0.5F;
    for (std::int32_t t = 0; t < block; ++t) {
      const std::int32_t i = order[static_cast<std::size_t>(t)];
      pool3::svm::PerColumn<float> f = margins.row(i);
      for (std::int32_t before = 0; before < t; ++before) {
        const std::int32_t k = order[static_cast<std::size_t>(before)];
        f += gram(i, k) * delta.row(k).array();
      }
      const float y = labels[static_cast<std::size_t>(i)] == 1 ? 1.0F : -1.0F;
      const pool3::svm::PerColumn<float> a = alpha.row(i);
      const pool3::svm::PerColumn<float> next = (a + (1 - y * f - d * a) / (gram(i, i) + d)).max(0.0F);
      delta.row(i) = y * (next - a);
      alpha.row(i) = next;
    }
  };
  const double work = flops(block, columns, block) / 2;
  measure(fmt::format("walk over a block, {} columns", columns),
          {{"Eigen's arrays, no folds, no weights, no estimate", work, in_eigen},
           {"own", work,
            [&] {
              alpha.setZero();
              walk_block(table, view, scratch);
            }}},
          repeats);
}

/// Loss, dual variables and gap of rows in all columns; flops are 10 for each.
void measure_loss(std::int64_t columns, int repeats) {
  pool3::svm::ColumnTable table;
  pool3::svm::Places every;
  for (std::int32_t j = 0; j < columns; ++j) every.push_back(j), table.positive_class.push_back(j);
  table.excluded_fold.assign(static_cast<std::size_t>(columns), -1);
  table.positive_cost.assign(static_cast<std::size_t>(columns), 1.0F);
  const Matrix f = noise(rows, columns);
  Matrix alpha(rows, columns), signed_alpha(rows, columns);
  pool3::svm::Sums loss = pool3::svm::Sums::Zero(columns), gap = loss;
  const pool3::svm::LossColumns<float> of_all(table, every, pool3::svm::PerColumn<float>::Constant(columns, 2));
  const auto in_eigen = [&] {
    const Eigen::Map<const Eigen::Array<std::int32_t, 1, Eigen::Dynamic>> classes(table.positive_class.data(), columns);
    for (std::int64_t i = 0; i < rows; ++i) {
      const auto y =
          (classes == static_cast<std::int32_t>(i % columns)).select(pool3::svm::PerColumn<float>::Ones(columns), -1);
      const pool3::svm::PerColumn<float> sign = y, xi = (1 - sign * f.row(i).array()).max(0.0F);
      alpha.row(i) = 2 * xi;
      signed_alpha.row(i) = sign * alpha.row(i).array();
      loss += xi.square().cast<double>();
    }
  };
  const auto own = [&] {
    for (std::int64_t i = 0; i < rows; ++i)
      add_loss(of_all, {static_cast<std::int32_t>(i % columns), -2, 1, f.row(i).data(), nullptr}, alpha.row(i).data(),
               signed_alpha.row(i).data(), loss, gap);
  };
  const auto work = static_cast<double>(10 * rows * columns);
  measure(fmt::format("squared hinge of 4096 rows, {} columns", columns),
          {{"Eigen's arrays, no folds, no weights", work, in_eigen}, {"own", work, own}}, repeats);
}

}  // namespace

int main(int argc, char** argv) {
  const pool3::MpiSession session(argc, argv);
  const std::int64_t columns = argc > 1 ? std::atoll(argv[1]) : 112;
  const int repeats = argc > 2 ? std::atoi(argv[2]) : 5;
  pool3::share_products(1);
  measure_products(columns, repeats);
  for (const std::int64_t n : {250, 900}) measure_cholesky(n, repeats);
  for (const int part : {2, 10, 25}) measure_supports(columns, part, repeats);
  measure_walk(columns, repeats);
  measure_loss(columns, repeats);
  return 0;
}
