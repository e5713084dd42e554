#include "svm/kernel/row_memory.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pool3::svm {
namespace {

/// Measured: 11.9 with coordinate descent, 15.5 with Newton's method.
constexpr double bytes_of_row_and_column = 11.5;
constexpr double bytes_of_weight = 8, bytes_of_gib = 1073741824.0;

std::string gib(double bytes) { return fmt::format("{:.1f} GiB", bytes / bytes_of_gib); }

}  // namespace

double least_row_bytes(const ProblemSize& size, double nodes, double ranks) {
  const auto rows = static_cast<double>(size.rows), dim = static_cast<double>(size.dim);
  const double folds = size.all_on_each_node ? std::max(1, size.folds) : 1;
  const double columns = static_cast<double>(size.classes) * folds;
  const double groups = std::min(nodes * ranks, folds);  // of ranks that share out the folds
  return bytes_of_row_and_column * rows * columns / nodes + bytes_of_weight * dim * columns * ranks / groups +
         4 * rows * dim * groups / nodes;
}

std::string row_memory_words(const Communicator& comm, const ProblemSize& size, double most_bytes, double available) {
  const Communicator node = comm.split_by_node();
  const auto nodes = static_cast<double>(comm.sum(node.is_root() ? std::int64_t{1} : std::int64_t{0}));
  const double needed = least_row_bytes(size, nodes, comm.max(static_cast<double>(node.size())));
  const double most = std::max(most_bytes, available);
  comm.all_do([&] {
    if (needed <= most) return;
    throw Error(
        {.stage = "solve",
         .cause = fmt::format("{} classes{} of {} rows take at least {} a node of {}", size.classes,
                              size.folds > 0 && size.all_on_each_node ? fmt::format(" in {} folds", size.folds) : "",
                              size.rows, gib(needed), gib(most)),
         .advice = "take more nodes, fewer classes (--min-per-class of extract) or --folds, or say with "
                   "--max-memory that there is more",
         .code = ExitCode::usage});
  });
  return fmt::format(", at least {} a node", gib(needed));
}

}  // namespace pool3::svm
