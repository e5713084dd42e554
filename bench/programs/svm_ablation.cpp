// What each stage of the solver is worth: bench/ablation runs this. A solve with everything, and one with each stage
// left out, in turn.
//   bench_svm_ablation X.f32 LABELS.i32 DIM CLASSES l1|l2 C TOLERANCE REPEATS [centred]
// Prints, for each stage: its name, CPU seconds (the median), the median of the ratios to the solve with everything in
// the same round, passes and gap. A solve ends after 3000 passes.

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "pool3/error.hpp"
#include "pool3/svm.hpp"
#include "support/slurp.hpp"
#include "svm/choose_method.hpp"

namespace {

using pool3::svm::Stages;

/// Without it, a solve of the hinge or of an ill conditioned problem may crawl for hours.
constexpr std::int64_t most_passes = 3000;

struct Variant {
  std::string name;
  Stages stages;
};

/// Everything, then all but one. The Gram matrix hides the stages of conjugate gradients, so they are left out beside
/// it.
std::vector<Variant> variants() {
  return {{"everything", {}},
          {"descent", {.descent = false}},
          {"sample_start", {.sample = false}},
          {"gram_newton", {.gram = false}},
          {"in_double", {.in_double = false}},
          {"smoothing", {.smoothing = false}},
          {"(conjugate gradients)", {.gram = false}},
          {"eigenbasis", {.gram = false, .eigenbasis = false}},
          {"support_products", {.gram = false, .support_products = false}}};
}

struct Run {
  double seconds = 0, gap = 0;
  std::int64_t passes = 0;
};

Run solve(const pool3::Communicator& comm, const pool3::Problem& problem, const pool3::SolverOptions& options, double C,
          const Stages& stages) {
  std::vector<pool3::Column> columns;
  for (std::int32_t k = 0; k < problem.classes; ++k) columns.push_back({k, -1});
  const std::clock_t start = std::clock();
  pool3::Solver solver(comm, problem, columns, options, stages);
  const pool3::Fit fit = solver.solve(C);
  return {static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, fit.relative_gap(), fit.epochs};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const pool3::MpiSession session(argc, argv);
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() < 8)
    return fmt::print(stderr, "X.f32 LABELS.i32 DIM CLASSES l1|l2 C TOLERANCE REPEATS [centred]\n"), 2;
  const pool3::Communicator comm = pool3::Communicator::world();
  pool3::Problem problem{.dim = std::stoll(args[2]), .classes = std::stoi(args[3])};
  problem.x = pool3::test::read_numbers<float>(args[0]);
  problem.labels = pool3::test::read_numbers<std::int32_t>(args[1]);
  problem.rows = std::ssize(problem.labels);
  if (args.size() > 8) static_cast<void>(pool3::standardise(comm, problem));
  pool3::shuffle_rows(problem, 42);
  const pool3::SolverOptions options{.loss = args[4] == "l1" ? pool3::Loss::l1 : pool3::Loss::l2,
                                     .tolerance = std::stod(args[6]),
                                     .max_epochs = most_passes};
  const std::vector<Variant> all = variants();
  std::vector<std::vector<double>> seconds(all.size()), ratios(all.size());
  std::vector<Run> last(all.size());
  for (int round = 0; round < std::stoi(args[7]); ++round)
    for (std::size_t v = 0; v < all.size(); ++v) {
      last[v] = solve(comm, problem, options, std::stod(args[5]), all[v].stages);
      seconds[v].push_back(last[v].seconds);
      ratios[v].push_back(last[v].seconds / seconds[0].back());
    }
  for (std::size_t v = 0; v < all.size(); ++v)
    fmt::print("{}\t{:.3f}\t{:.2f}\t{}\t{:.1e}\n", all[v].name, median(seconds[v]), median(ratios[v]), last[v].passes,
               last[v].gap);
  return 0;
}
