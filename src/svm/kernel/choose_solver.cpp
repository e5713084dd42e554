#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>

#include "pool3/svm/kernel_machine.hpp"
#include "pool3/text.hpp"
#include "svm/kernel/row_memory.hpp"

namespace pool3 {
namespace {

using svm::bytes_of_gib;
using svm::gib;

constexpr double share_of_memory = 2.0 / 3;
// What costs were measured: docs/measurements/solver.md, "Rows or columns".
/// Rows with a dual variable in the column of a class: this times the root of (its rows times all), by C to that power,
/// which is nearer to 0 for large classes.
constexpr double support_at_one = 1.7, support_by_C = -0.3, most_support = 0.9;
/// Beyond this C times those rows, factorisations are in double and take so many times as long.
constexpr double in_double_from = 2.5e4, double_is_dearer = 3;
/// Of a column of all rows, and of its folds, in cubes of those rows; of each column, for each row.
constexpr double cubes_of_column = 0.6, cubes_of_folds = 0.95, cubes_of_rough_folds = 0.75, flops_of_row = 33'000;
/// Passes over rows, at their full size, that the ranks hold between them; by C to that power.
constexpr double passes_at_one = 35, passes_by_C = 0.27, least_passes = 10;
/// Passes with folds, in those of all rows alone: of all rough ones together.
constexpr double passes_of_rough_folds = 2.2;
/// Of each exact fold.
constexpr double passes_of_folds = 0.45;
/// Of the linear kernel: where more rows are free than there are features, their matrix is singular.
constexpr double least_tolerance_of_hinge = 1e-5;
/// The squared hinge adds 1 / (2 C) to that matrix's diagonal, which rounding must not drown.
constexpr double rounding = 0x1p-24;
/// Their decomposition takes m^3, and their products with rows n m^2.
constexpr std::int64_t most_landmarks = 4096, least_landmarks = 256;

/// What the system of this node has to give, or infinity if it does not say.
double available_bytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string name; file >> name;) {
    double kibibytes = 0;
    if (name == "MemAvailable:" && file >> kibibytes) return 1024 * kibibytes;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::numeric_limits<double>::infinity();
}

/// Rows with a dual variable, of each class's column.
std::vector<double> support_of_columns(const ProblemSize& s, double C) {
  const auto n = static_cast<double>(s.rows);
  std::vector<double> support;
  for (std::int64_t k = 0; k < s.classes; ++k) {
    const double own = s.class_rows.empty() ? n / static_cast<double>(s.classes)
                                            : static_cast<double>(s.class_rows[static_cast<std::size_t>(k)]);
    const double share = std::sqrt(own / n), power = support_by_C * (1 - share);
    support.push_back(std::min(most_support * n, support_at_one * std::pow(C, power) * share * n));
  }
  return support;
}

std::vector<double> values_of_C(const ProblemSize& s) { return s.C.empty() ? std::vector<double>{1} : s.C; }

/// Floating-point operations over one kernel matrix: the matrix, then factorisations of each column and its folds.
double cost_of_columns(const ProblemSize& s) {
  const auto n = static_cast<double>(s.rows);
  const double of_folds = s.rough_folds ? cubes_of_rough_folds : cubes_of_folds;
  const double cubes = cubes_of_column + (s.folds > 0 ? of_folds : 0.0);
  double cost = n * n * static_cast<double>(s.dim);
  for (const double C : values_of_C(s)) {
    for (const double support : support_of_columns(s, C))
      cost += cubes * support * support * support * (C * support > in_double_from ? double_is_dearer : 1.0);
    cost += static_cast<double>(s.classes) * (1 + s.folds) * flops_of_row * n;
  }
  return cost;
}

/// Of passes over rows that the ranks hold between them.
double cost_of_rows(const ProblemSize& s) {
  const double of_folds = s.rough_folds ? passes_of_rough_folds : passes_of_folds * s.folds;
  const double columns = static_cast<double>(s.classes) * (s.folds > 0 ? of_folds : 1.0);
  double passes = 0;
  for (const double C : values_of_C(s)) passes += std::max(least_passes, passes_at_one * std::pow(C, passes_by_C));
  return passes * 4 * static_cast<double>(s.rows) * static_cast<double>(s.dim) * columns;
}

/// True if the linear kernel's matrix is singular, and what the loss adds to its diagonal is less than its rounding.
bool is_drowned(const ProblemSize& s, Loss loss) {
  const double largest = std::ranges::max(values_of_C(s));
  return loss == Loss::l2 && s.rows > s.dim + 1 && 2 * largest * rounding * std::sqrt(static_cast<double>(s.rows)) > 1;
}

/// Bytes a node for rows over landmarks: rows and z with what the solver has of them, landmarks and K_mm^(-1/2).
double landmark_bytes(const ProblemSize& s, std::int64_t landmarks, const svm::NodesAndRanks& of) {
  constexpr double of_column = 8;  // a dual and a margin, floats both
  const auto n = static_cast<double>(s.rows), m = static_cast<double>(landmarks), d = static_cast<double>(s.dim);
  return 4 * n * (d + m) / (s.all_on_each_node ? 1 : of.nodes) +
         of_column * n * static_cast<double>(s.classes) * std::max(1, s.folds) / of.nodes + 8 * m * m * (of.ranks + 2) +
         8 * m * d * of.ranks;
}

/// As many landmarks as are asked for, or as memory has room for; nothing if it has none. `needed`: by the kernel
/// matrix. Collective.
std::optional<SolverChoice> take_landmarks(const Communicator& comm, const ProblemSize& size, double room,
                                           double needed) {
  const svm::NodesAndRanks of = svm::nodes_and_ranks(comm);
  const auto fits = [&](std::int64_t count) { return landmark_bytes(size, count, of) <= room; };
  std::int64_t count = std::min(size.landmarks > 0 ? size.landmarks : most_landmarks, size.rows);
  while (size.landmarks == 0 && count > least_landmarks && !fits(count)) count /= 2;
  if (!fits(count) || (size.landmarks == 0 && count < std::min(size.classes, size.rows))) return std::nullopt;
  const std::string memory =
      needed <= room ? "as --landmarks says"
                     : fmt::format("the kernel matrix takes {} a node of {}: --max-memory {:.1f} would hold it",
                                   gib(needed), gib(room), std::ceil(10 * needed / bytes_of_gib) / 10);
  return SolverChoice{.gram = false,
                      .why = fmt::format("an approximation: {} landmarks (Nystroem) stand for all {} rows; {}", count,
                                         size.rows, memory),
                      .landmarks = count};
}

/// Throws usage Error.
void refuse_what_can_not_be(bool needs_kernel, bool may_choose, SolverMethod wanted, bool too_large, std::int64_t rows,
                            const std::string& memory) {
  const bool by_rows = wanted == SolverMethod::descent || wanted == SolverMethod::newton;
  if (needs_kernel && by_rows) throw usage_error("--solver must be auto or gram with --kernel rbf");
  if (!too_large || by_rows || may_choose) return;
  throw Error({.stage = "solve",
               .cause = fmt::format("the kernel matrix of {} rows takes {}", rows, memory),
               .advice = needs_kernel
                             ? "raise --max-memory, take fewer rows (--limit-per-class of extract), or --kernel linear"
                             : "raise --max-memory, or leave --solver to auto",
               .code = ExitCode::usage});
}

/// Throws a usage Error if they were asked for.
void refuse_landmarks(std::int64_t asked, const std::string& room) {
  if (asked == 0) return;
  throw Error({.stage = "solve",
               .cause = fmt::format("the rows over {} landmarks take more than {} a node", asked, room),
               .advice = "raise --max-memory, or lower --landmarks",
               .code = ExitCode::usage});
}

/// `room`: a node. Collective.
SolverChoice choose(const Communicator& comm, const ProblemSize& size, const KernelOptions& how, SolverMethod wanted,
                    double room) {
  const bool needs_kernel = how.kernel != Kernel::linear || how.multiclass != Multiclass::one_vs_rest;
  const bool may_choose = !needs_kernel && wanted == SolverMethod::automatic;
  const double needed = shared_bytes(size.rows, size.dim, size.classes, how, size.folds);
  const std::string memory = fmt::format("{} a node of {}", gib(needed), gib(room));
  const bool may_approximate =
      how.kernel == Kernel::rbf && how.multiclass == Multiclass::one_vs_rest && wanted == SolverMethod::automatic;
  if (may_approximate && (size.landmarks > 0 || needed > room)) {
    if (auto choice = take_landmarks(comm, size, room, needed)) return *choice;
    comm.all_do([&] { refuse_landmarks(size.landmarks, gib(room)); });
  }
  comm.all_do([&] { refuse_what_can_not_be(needs_kernel, may_choose, wanted, needed > room, size.rows, memory); });
  if (wanted == SolverMethod::descent) return {false, "coordinate descent, as --solver says"};
  if (wanted == SolverMethod::newton) return {false, "Newton's method on the ranks' rows, as --solver says"};
  if (needed > room)
    return {false, fmt::format("rows shared out to the ranks: the Gram matrix of {} rows takes {}", size.rows, memory)};
  if (may_choose && how.loss == Loss::l1 && how.tolerance < least_tolerance_of_hinge)
    return {false, "rows shared out to the ranks: nearer to the optimum of the hinge"};
  if (may_choose && is_drowned(size, how.loss))
    return {false, "rows shared out to the ranks: this C is too large for the rounding of a Gram matrix",
            SolverMethod::newton};
  if (may_choose && cost_of_columns(size) > cost_of_rows(size))
    return {
        false,
        fmt::format("rows shared out to the ranks: cheaper for this C than the Gram matrix of {} rows", size.rows),
        // With folds Newton's method is 1.1 to 1.8 times as fast as what the solver takes by itself, else 0.8 times.
        how.loss == Loss::l2 && size.folds > 0 ? SolverMethod::newton : SolverMethod::automatic};
  return {true, fmt::format("columns over one kernel matrix of {} rows, {}", size.rows, memory)};
}

}  // namespace

SolverChoice choose_solver(const Communicator& comm, const ProblemSize& size, const KernelOptions& how,
                           SolverMethod wanted, double most_bytes) {
  const double available = -comm.max(-available_bytes());
  SolverChoice choice = choose(comm, size, how, wanted, most_bytes > 0 ? most_bytes : share_of_memory * available);
  if (!choice.gram && choice.landmarks == 0) choice.why += svm::row_memory_words(comm, size, most_bytes, available);
  return choice;
}

Gamma parse_gamma(const std::string& text) {
  const std::size_t star = text.find('*');
  const std::string number = star == std::string::npos ? text : text.substr(0, star);
  const std::string unit = star == std::string::npos ? "" : text.substr(star + 1);
  const auto named = [](const std::string& name) {
    return name == "scale" ? Gamma::Unit::scale : name == "median" ? Gamma::Unit::median : Gamma::Unit::one;
  };
  if (named(text) != Gamma::Unit::one) return {1, named(text)};
  const Gamma gamma{parse_number<double>(number).value_or(0), named(unit)};
  const bool good = gamma.factor > 0 && std::isfinite(gamma.factor);
  if (!good || (star != std::string::npos && gamma.unit == Gamma::Unit::one))
    throw usage_error(fmt::format("--gamma {} is not a number above 0, scale, median or NUMBER*median", text));
  return gamma;
}

double Gamma::of(const SharedRows& rows) const {
  return of(rows.dim(), unit == Unit::median ? rows.median_distance() : 0, unit == Unit::scale ? rows.variance() : 0);
}

double Gamma::of(std::int64_t dim, double median_distance, double variance) const {
  double value = factor;
  if (unit == Unit::scale) value = factor / (static_cast<double>(dim) * variance);
  if (unit == Unit::median) value = factor / median_distance;
  if (value > 0 && std::isfinite(value)) return value;
  throw Error({.stage = "solve",
               .cause = "most rows have the same features, so --gamma has no unit",
               .advice = "give a number",
               .code = ExitCode::usage});
}

}  // namespace pool3
