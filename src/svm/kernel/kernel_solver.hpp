#pragma once
// The tasks of a KernelSolver (pool3/svm/kernel_machine.hpp).

#include "svm/kernel/column.hpp"
#include "svm/kernel/low_rank.hpp"
#include "svm/kernel/shared_rows.hpp"

namespace pool3 {

/// A column's place: class k, or the classes a < b of a pair.
struct ColumnClasses {
  std::int32_t first = 0;
  std::int32_t second = -1;  ///< -1: all others
};

/// How a solve of a column ended, in shared memory.
struct ColumnRecord {
  double primal = 0, gap = 0, bias = 0;
  double saturated = 0;  ///< above 0: also the answer for a larger C
  double products = 0;
  double skipped = 0;
};
inline constexpr std::size_t record_numbers = 6;
static_assert(sizeof(ColumnRecord) == record_numbers * sizeof(double));

struct KernelSolver::Impl {
  Impl(const Communicator& comm, const SharedRows& rows, KernelOptions options, int folds);

  /// The rows that a column is about, and their kernel.
  struct View {
    bool whole = true;        ///< all rows; else
    svm::RowList rows;        ///< these of them, perhaps none
    std::vector<float> copy;  ///< of a part of the kernel
    svm::KernelMatrix kernel;
    [[nodiscard]] std::int64_t row(std::int64_t i) const { return whole ? i : rows[static_cast<std::size_t>(i)]; }
  };

  void make_kernel();
  [[nodiscard]] View view(const ColumnClasses& of) const;
  [[nodiscard]] svm::KernelColumn column(const ColumnClasses& of, const View& v, std::int32_t fold) const;
  [[nodiscard]] double* dual_of(std::int64_t column, std::int64_t row) const;
  [[nodiscard]] svm::KernelPoint load(std::int64_t column, const View& v) const;
  void store(std::int64_t column, const View& v, const svm::KernelPoint& p) const;
  void solve_column(std::int64_t j) const;
  /// Folds of one task, of those whose columns share their start. The answers don't depend on how many these are.
  [[nodiscard]] std::int64_t fold_batch() const;
  void solve_folds(std::int64_t j, std::int64_t batch) const;
  void solve_fold(std::int64_t j, std::int32_t fold, const View& v, svm::KernelPoint&& start) const;
  void write_held_out(std::int64_t j, std::int32_t fold, const View& v, const svm::KernelPoint& p) const;
  void clear_column(std::int64_t j) const;
  void clear_fold(std::int64_t j, std::int32_t fold) const;
  void clear_others(bool of_folds) const;
  [[nodiscard]] KernelFit summary(bool of_folds) const;
  /// `size`: columns of a task.
  [[nodiscard]] KernelFit run(std::int64_t tasks, std::int64_t size, bool of_folds,
                              const std::function<void(std::int64_t)>& task,
                              const std::function<void(const SolverProgress&)>& progress) const;
  [[nodiscard]] bool is_mine(std::int64_t task) const { return task % shared.nodes == shared.node_index; }
  [[nodiscard]] ColumnRecord& record(std::int64_t column, std::int32_t fold = -1) const {
    return records.as<ColumnRecord>()[static_cast<std::size_t>(column * (folds + 1) + fold + 1)];
  }
  [[nodiscard]] svm::ColumnRules rules() const { return {.tolerance = options.tolerance}; }
  [[nodiscard]] std::int64_t count() const { return std::ssize(classes); }

  const Communicator& comm;
  const SharedRows& rows;
  const SharedRows::Impl& shared;
  KernelOptions options;
  int folds;
  std::vector<ColumnClasses> classes;     ///< of each column
  std::vector<std::int64_t> order;        ///< of columns: those of many rows first
  std::vector<std::int64_t> place;        ///< of each column in this order
  std::vector<std::int64_t> class_begin;  ///< [classes + 1] rows of each class
  double C = 0;
  SharedMemory kernel_values;  ///< [rows, rows]; empty: the Gram matrix is the kernel
  svm::KernelMatrix kernel;
  svm::LowRankKernel low_rank;  ///< of it, for starts; empty where there is none
  SharedMemory duals;           ///< [classes or classes - 1, rows]
  SharedMemory margins;         ///< [columns, rows] of one-vs-rest
  SharedMemory records;         ///< [columns, folds + 1]
  SharedMemory held_out;        ///< [columns, rows] floats
};

}  // namespace pool3
