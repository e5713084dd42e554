#pragma once
// Ranks that wait ask the others whether they are there, and name those that do not answer.

#include <mpi.h>

#include <cstdint>
#include <set>
#include <vector>

namespace pool3::mpi {

/// Opens and closes what ranks ask each other through. Once each, while MPI runs. Collective.
void open_watch();
void close_watch();

/// Answers the ranks that ask whether this one is there. Never blocks. Call it while this rank waits.
void answer_watch();

/// The ranks of `comm` as ranks of the world, which is how they are named.
[[nodiscard]] std::vector<int> world_ranks(MPI_Comm comm);
/// Says in one line, once, that a rank has not done `what` for so long.
void say_silent(int world_rank, const char* what, double seconds);
/// Says that it was heard of again, if its silence was told.
void say_heard(int world_rank, double seconds);

/// Seconds until ranks that do not answer are named.
[[nodiscard]] double patience();

/// One wait for the ranks of `comm`, from its construction to its end. Nothing blocks.
class Silence {
 public:
  explicit Silence(MPI_Comm comm) : comm_(comm), start_(MPI_Wtime()) {}
  ~Silence();  ///< says which of the ranks that it has named came
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

  [[nodiscard]] double seconds() const { return MPI_Wtime() - start_; }
  /// Answers others and, after patience(), asks them. Call it often.
  void check();

 private:
  [[nodiscard]] bool is_its_turn(double waited);
  void ask();
  void collect();
  void name_missing(double waited);

  MPI_Comm comm_;
  double start_;
  double ask_at_ = 0;    ///< seconds after the start; 0: not known yet
  double judge_at_ = 0;  ///< when answers have had their time; 0: no question is open
  std::int64_t question_ = 0;
  std::set<int> asked_;    ///< ranks of the world that have not answered this question
  std::set<int> excused_;  ///< those that another rank has named
  std::set<int> named_;    ///< those that this wait has named
};

}  // namespace pool3::mpi
