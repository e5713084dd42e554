#pragma once
// What SharedRows holds (pool3/svm/kernel_machine.hpp).

#include <optional>

#include "pool3/mpi/shared_memory.hpp"
#include "pool3/svm/kernel_machine.hpp"
#include "svm/algebra/matrix.hpp"

namespace pool3 {

struct SharedRows::Impl {
  Impl(const Communicator& comm, Communicator sharing, const Problem& mine, bool centering, int threads);
  /// Rows alone, without their products, in an order that `seed` and origins say. Not centred ones stay as they are.
  Impl(const Communicator& comm, const Problem& mine, bool centering, std::uint64_t seed);

  [[nodiscard]] Eigen::Map<svm::Matrix<float>> x() const { return {x_.as<float>().data(), rows, dim}; }
  [[nodiscard]] std::span<const float> gram() const { return gram_.as<float>(); }

  const Communicator& comm;
  Communicator node;     ///< ranks of this node
  Communicator leaders;  ///< ranks of the same place on their nodes: the first of each node are one of these
  int node_index = 0, nodes = 1;
  std::int64_t rows = 0, dim = 0;
  std::int32_t classes = 0;
  bool centred = true;
  std::vector<std::int32_t> labels, folds;
  std::vector<std::int64_t> origin;
  std::vector<float> weights;  ///< or empty
  std::vector<double> mean;    ///< [dim] of the features as given
  Standardisation standardisation;
  Eigen::VectorXd squares;    ///< [rows] of the centred rows
  std::vector<double> shift;  ///< [rows] of a linear kernel that is not centred, or empty
  double common = 0;          ///< its constant: |mean|^2
  mutable SharedCounter counter;

 private:
  struct Layout;
  Impl(const Communicator& comm, Communicator sharing, const Problem& mine, bool centering);
  [[nodiscard]] Layout gather_tables(const Problem& mine, std::optional<std::uint64_t> seed);
  void gather_features(const Problem& mine, const Layout& layout);
  void centre();
  void multiply();

  SharedMemory x_;     ///< [rows, dim], centred and scaled
  SharedMemory gram_;  ///< [rows, rows]
};

/// Adds up over nodes what lies in a node's memory: numbers that one node has and the others have as 0. Collective.
template <typename T>
void sum_over_nodes(const SharedRows::Impl& rows, const SharedMemory& memory) {
  memory.sync();
  if (rows.nodes > 1 && rows.node.is_root()) rows.leaders.sum(memory.as<T>());
  memory.sync();
}

}  // namespace pool3
