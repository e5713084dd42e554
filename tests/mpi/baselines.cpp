// Baselines over ranks: the optimum by its own condition, neighbours and means by plain loops, the same for any number
// of ranks.

#include "pool3/baselines.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <random>

#include "pool3/network/small_network.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

struct Data {
  std::int64_t rows, dim;
  std::int32_t classes;
  std::vector<float> x;
  std::vector<std::int32_t> labels;
};

Data draw(std::int64_t rows, std::int64_t dim, std::int32_t classes, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Data d{rows, dim, classes, {}, {}};
  std::vector<float> centres(static_cast<std::size_t>(classes * dim));
  std::mt19937 of_centres(5);
  for (float& c : centres) c = 0.4F * normal(of_centres);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto label = static_cast<std::int32_t>(i * i % classes);
    d.labels.push_back(label);
    for (std::int64_t j = 0; j < dim; ++j)
      d.x.push_back((centres[static_cast<std::size_t>(label * dim + j)] + normal(random)) /
                    std::sqrt(static_cast<float>(dim)));
  }
  return d;
}

/// Every P-th training row and held-out row.
BaselineRows share(const Communicator& comm, const Data& training, const Data& held_out) {
  BaselineRows rows;
  Problem& p = rows.training;
  p = {.dim = training.dim, .classes = training.classes};
  for (std::int64_t i = comm.rank(); i < training.rows; i += comm.size()) {
    p.x.insert(p.x.end(), training.x.begin() + i * p.dim, training.x.begin() + (i + 1) * p.dim);
    p.labels.push_back(training.labels[static_cast<std::size_t>(i)]);
    p.folds.push_back(static_cast<std::int32_t>(i % 3));
    p.origin.push_back(i);
    ++p.rows;
  }
  rows.class_rows = class_counts(comm, p);
  for (std::int64_t i = comm.rank(); i < held_out.rows; i += comm.size()) {
    rows.rows.push_back(i);
    rows.truth.push_back(held_out.labels[static_cast<std::size_t>(i)]);
    rows.x.insert(rows.x.end(), held_out.x.begin() + i * p.dim, held_out.x.begin() + (i + 1) * p.dim);
  }
  return rows;
}

double distance(const Data& a, std::int64_t i, const Data& b, std::int64_t j) {
  double sum = 0;
  for (std::int64_t k = 0; k < a.dim; ++k) {
    const double d = static_cast<double>(a.x[static_cast<std::size_t>(i * a.dim + k)]) -
                     static_cast<double>(b.x[static_cast<std::size_t>(j * a.dim + k)]);
    sum += d * d;
  }
  return sum;
}

/// Objective and half the square of the gradient at a fit, in double, row by row; without the rows of a fold.
std::pair<double, double> condition(const Data& d, const SoftmaxFit& fit, double C, std::int64_t fold) {
  const auto K = static_cast<std::size_t>(d.classes), dim = static_cast<std::size_t>(d.dim);
  std::vector<double> g = fit.w, b(K, 0.0);
  double objective = 0, square = 0;
  for (const double w : fit.w) objective += w * w / 2;
  for (std::size_t i = 0; i < d.labels.size(); ++i) {
    if (static_cast<std::int64_t>(i) % 3 == fold) continue;
    std::vector<double> f = fit.intercept;
    for (std::size_t j = 0; j < dim; ++j)
      for (std::size_t k = 0; k < K; ++k) f[k] += static_cast<double>(d.x[i * dim + j]) * fit.w[j * K + k];
    double sum = 0;
    for (const double v : f) sum += std::exp(v);
    const auto y = static_cast<std::size_t>(d.labels[i]);
    objective += C * (std::log(sum) - f[y]);
    for (std::size_t k = 0; k < K; ++k) {
      const double r = C * (std::exp(f[k]) / sum - (k == y ? 1 : 0));
      b[k] += r;
      for (std::size_t j = 0; j < dim; ++j) g[j * K + k] += r * static_cast<double>(d.x[i * dim + j]);
    }
  }
  for (const double v : g) square += v * v;
  for (const double v : b) square += v * v;
  return {objective, square / 2};
}

TEST(DistributedSoftmax, ReachesTheOptimum) {
  const Communicator comm = Communicator::world();
  for (const std::int64_t dim : {20, 450}) {  // all directions, and the leading ones
    const Data d = draw(300, dim, 5, 1);
    const BaselineRows rows = share(comm, d, draw(4, dim, 5, 2));
    SoftmaxSolver solver(comm, rows.training, {.tolerance = 1e-7});
    for (const double C : {0.1, 10.0, 300.0}) {
      for (const std::int32_t fold : {-1, 1}) {
        const SoftmaxFit fit = solver.solve(C, fold);
        const auto [objective, gap] = condition(d, fit, C, fold);
        EXPECT_TRUE(fit.converged) << dim << ' ' << C << ' ' << fold;
        EXPECT_NEAR(fit.objective, objective, 1e-5 * objective);
        EXPECT_LT(gap, 2e-7 * objective) << dim << ' ' << C << ' ' << fold;
      }
    }
  }
}

TEST(DistributedSoftmax, AClassWithoutRowsIsNeverPredicted) {
  const Communicator comm = Communicator::world();
  Data d = draw(90, 12, 4, 1);
  for (std::int32_t& label : d.labels) label = label == 3 ? 0 : label;
  const BaselineRows rows = share(comm, d, draw(50, 12, 4, 2));
  const SoftmaxChoice choice = choose_softmax(comm, rows, {1, 10}, 3, 1e-6, 1e-3);
  EXPECT_EQ(choice.points.size(), 2);
  for (const std::int32_t k : softmax_verdicts(choice, rows).predicted) EXPECT_NE(k, 3);
  EXPECT_TRUE(std::isinf(choice.fit.intercept[3]));
}

TEST(DistributedBaselines, AreThoseOfPlainLoops) {
  const Communicator comm = Communicator::world();
  Data d = draw(600, 17, 6, 1);
  std::copy_n(d.x.begin(), 17, d.x.begin() + 17 * 5);  // copies: the first of equals
  const Data held_out = draw(100, 17, 6, 2);
  const BaselineRows rows = share(comm, d, held_out);
  const Verdicts nearest = nearest_verdicts(comm, rows), centroid = centroid_verdicts(comm, rows);
  Data means{6, 17, 6, std::vector<float>(6 * 17), {}};
  for (std::int32_t k = 0; k < 6; ++k)
    for (std::size_t j = 0; j < 17; ++j) {
      double sum = 0;
      for (std::size_t i = 0; i < 600; ++i) sum += d.labels[i] == k ? static_cast<double>(d.x[i * 17 + j]) : 0.0;
      means.x[static_cast<std::size_t>(k) * 17 + j] =
          static_cast<float>(sum / static_cast<double>(rows.class_rows[static_cast<std::size_t>(k)]));
    }
  for (std::size_t q = 0; q < rows.rows.size(); ++q) {
    std::int64_t row = 0, mean = -1;
    for (std::int64_t i = 1; i < 600; ++i)
      if (distance(held_out, rows.rows[q], d, i) < distance(held_out, rows.rows[q], d, row)) row = i;
    for (std::int64_t k = 0; k < 6; ++k)
      if (rows.class_rows[static_cast<std::size_t>(k)] > 0 &&
          (mean < 0 || distance(held_out, rows.rows[q], means, k) < distance(held_out, rows.rows[q], means, mean)))
        mean = k;
    EXPECT_EQ(nearest.predicted[q], d.labels[static_cast<std::size_t>(row)]);
    EXPECT_EQ(centroid.predicted[q], mean);
  }
}

TEST(DistributedBaselines, SayTheSameForAnyNumberOfRanks) {
  const Communicator comm = Communicator::world();
  const Communicator alone = comm.split(comm.rank());
  const Data d = draw(240, 30, 4, 1), held_out = draw(90, 30, 4, 2);
  const std::vector<std::string> classes = {"a", "b", "c", "d"};
  const auto judged = [&](const Communicator& ranks) {
    const BaselineRows rows = share(ranks, d, held_out);
    const SoftmaxChoice choice = choose_softmax(ranks, rows, {0.5, 5, 50}, 3, 1e-7, 1e-4);
    std::vector<BaselineEntry> entries;
    for (const Verdicts& said :
         {softmax_verdicts(choice, rows), nearest_verdicts(ranks, rows), centroid_verdicts(ranks, rows)})
      entries.push_back(judge(ranks, rows, classes, said));
    entries[0].search = choice.points;
    entries[0].C = choice.C;
    return entries;
  };
  const auto expected = judged(alone), found = judged(comm);
  for (std::size_t e = 0; e < 3; ++e) {
    if (comm.is_root()) {
      EXPECT_EQ(found[e].predicted, expected[e].predicted);
    }
    EXPECT_EQ(found[e].accuracy, expected[e].accuracy);
    EXPECT_EQ(found[e].model_bytes, expected[e].model_bytes);
  }
  EXPECT_EQ(found[0].C, expected[0].C);
  for (std::size_t p = 0; p < 3; ++p) EXPECT_EQ(found[0].search[p].fold_accuracy, expected[0].search[p].fold_accuracy);
}

/// Discs of one colour a class, at places of their own.
std::vector<std::uint8_t> discs(const std::vector<std::int64_t>& numbers, const std::vector<std::int32_t>& labels) {
  std::vector<std::uint8_t> all;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    for (std::int64_t y = 0; y < picture_side; ++y)
      for (std::int64_t x = 0; x < picture_side; ++x) {
        const std::int64_t dx = x - 20 - numbers[i] * 7 % 24, dy = y - 20 - numbers[i] * 5 % 24;
        const bool inside = dx * dx + dy * dy < 200;
        for (std::int32_t c = 0; c < 3; ++c) all.push_back(inside && c == labels[i] ? 250 : 20);
      }
  return all;
}

BaselinePictures pictures_of(const BaselineRows& rows) {
  return {discs(rows.training.origin, rows.training.labels), discs(rows.rows, rows.truth)};
}

TEST(DistributedNetwork, IsTheSameForAnyNumberOfRanksAndResumes) {
  const Communicator comm = Communicator::world();
  const Communicator alone = comm.split(comm.rank());
  const Data d = draw(150, 4, 3, 1), held_out = draw(30, 4, 3, 2);
  const auto said = [&](const Communicator& ranks, const CnnOptions& options) {
    const BaselineRows rows = share(ranks, d, held_out);
    return judge(ranks, rows, {"a", "b", "c"}, cnn_verdicts(ranks, rows, pictures_of(rows), options));
  };
  const BaselineEntry expected = said(alone, {.epochs = 4}), found = said(comm, {.epochs = 4});
  std::string path = test::TemporaryFolder().path("cnn");  // one of all ranks, whose folder is gone
  if (comm.is_root()) std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  comm.broadcast(path);
  int epochs = 0;
  static_cast<void>(said(comm, {.epochs = 2, .checkpoint = path}));
  const BaselineEntry resumed =
      said(comm, {.epochs = 4, .checkpoint = path, .progress = [&](const CnnProgress&) { ++epochs; }});
  EXPECT_EQ(epochs, 2);
  if (!comm.is_root()) return;
  EXPECT_EQ(found.predicted, expected.predicted);
  EXPECT_NEAR(*found.log_loss, *expected.log_loss, 1e-4);
  EXPECT_NEAR(*resumed.log_loss, *expected.log_loss, 1e-4);
  EXPECT_GT(found.accuracy, 0.8);
  std::filesystem::remove_all(std::filesystem::path(path).parent_path());
}

// The gradient, beside differences of the loss.
TEST(SmallNetwork, HasTheGradientOfItsLoss) {
  const auto network = open_small_network({.side = 64, .classes = 3});
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> parameters, pictures(2 * 3 * 64 * 64);
  for (const auto& layer : network->layers())
    for (std::int64_t i = 0; i < layer.numbers; ++i)
      parameters.push_back(normal(random) / std::sqrt(static_cast<float>(std::max<std::int64_t>(layer.inputs, 100))));
  for (float& v : pictures) v = normal(random);
  const std::vector<std::int64_t> labels = {2, 0};
  std::vector<float> gradient(parameters.size(), 0.0F), other = gradient;
  static_cast<void>(network->add_gradient(parameters, pictures, labels, gradient));
  double square = 0;
  for (const float g : gradient) square += static_cast<double>(g) * static_cast<double>(g);
  const double step = 1e-3 / std::sqrt(square);
  std::array<double, 2> loss{};
  for (int side = 0; side < 2; ++side) {
    std::vector<float> moved = parameters;
    for (std::size_t i = 0; i < moved.size(); ++i)
      moved[i] += static_cast<float>((side == 0 ? -step : step) * static_cast<double>(gradient[i]));
    loss[static_cast<std::size_t>(side)] = network->add_gradient(moved, pictures, labels, other);
  }
  EXPECT_NEAR((loss[1] - loss[0]) / (2 * step) / square, 1, 0.02);
}

}  // namespace
}  // namespace pool3
