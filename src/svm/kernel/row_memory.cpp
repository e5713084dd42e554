#include "svm/kernel/row_memory.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pool3::svm {
namespace {

/// Measured: 11.9 with coordinate descent, 15.5 with Newton's method.
constexpr double bytes_of_row_and_column = 11.5;
constexpr double bytes_of_weight = 8;

}  // namespace

NodesAndRanks nodes_and_ranks(const Communicator& comm) {
  const Communicator node = comm.split_by_node();
  return {static_cast<double>(comm.sum(node.is_root() ? std::int64_t{1} : std::int64_t{0})),
          comm.max(static_cast<double>(node.size()))};
}

std::string gib(double bytes) { return fmt::format("{:.1f} GiB", bytes / bytes_of_gib); }

double least_row_bytes(const ProblemSize& size, const NodesAndRanks& of) {
  const auto rows = static_cast<double>(size.rows), dim = static_cast<double>(size.dim);
  const double folds = size.all_on_each_node ? std::max(1, size.folds) : 1;
  const double columns = static_cast<double>(size.classes) * folds;
  const double groups = std::min(of.nodes * of.ranks, folds);  // of ranks that share out the folds
  return bytes_of_row_and_column * rows * columns / of.nodes + bytes_of_weight * dim * columns * of.ranks / groups +
         4 * rows * dim * groups / of.nodes;
}

std::string row_memory_words(const Communicator& comm, const ProblemSize& size, double most_bytes, double available) {
  const double needed = least_row_bytes(size, nodes_and_ranks(comm));
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
