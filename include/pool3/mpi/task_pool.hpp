#pragma once
// Tasks for whichever rank asks first: dynamic load balance.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "pool3/mpi.hpp"

namespace pool3 {

namespace mpi {
class Silence;
}

/// Hands out the numbers 0 .. count-1, each once, to whichever rank asks: dynamic load balance. The root's main
/// thread answers inside poll(), so every rank calls poll() often until finished().
/// With every question travels a note, which the root adds up. A rank that is not heard of for long is named, see
/// name_silent_ranks().
class TaskPool {
 public:
  /// What a rank tells since its last question.
  struct Note {
    std::int64_t done = 0;    ///< of what tasks are made of: images
    std::int64_t failed = 0;  ///< those of them that failed
    std::int64_t stops = 0;   ///< above 0: this rank wants all to stop
    bool operator==(const Note&) const = default;
  };

  /// Collective. `done`, on the root, says which of the `count` tasks are not to be handed out; it may be shorter, and
  /// both matter on the root only. `comm` must outlive the pool.
  TaskPool(const Communicator& comm, std::int64_t count, std::vector<bool> done = {});
  /// REQUIRES: finished(). (An unfinished pool may only be destroyed on the way to MPI_Abort.)
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  /// Asks for one task; the answer comes later through take(). At most one question may be open.
  void ask(const Note& note);
  static constexpr std::int64_t none_left = -1;
  static constexpr std::int64_t stopped = -2;
  /// The answer, once it has come: a task, or none_left, or, after stop(), stopped.
  [[nodiscard]] std::optional<std::int64_t> take();
  /// Says that this rank will not ask again. Call once, with no question open.
  void leave(const Note& last_note);
  /// Root only: nothing more is handed out.
  void stop() { stopped_ = true; }
  /// Moves messages; never blocks.
  void poll();
  /// True once this rank has left and, on the root, once every rank has.
  [[nodiscard]] bool finished() const { return gone_ && (!comm_->is_root() || left_ == comm_->size()); }
  /// Sum of the notes so far. Root only.
  [[nodiscard]] const Note& tally() const { return tally_; }

 private:
  struct Question {
    Note note;
    std::int64_t leaves = 0;
  };
  std::int64_t serve(const Question& question);
  void hear(int rank, bool leaves);
  void answer_questions();
  void watch();

  const Communicator* comm_;
  std::int64_t next_ = 0;
  std::int64_t count_ = 0;
  std::vector<bool> done_;
  bool stopped_ = false;
  int left_ = 0;
  bool gone_ = false;
  Note tally_{};
  std::optional<std::int64_t> answer_;
  bool open_ = false;
  std::unique_ptr<mpi::Silence> silence_;  ///< of the root, while a question is open
  std::vector<int> world_ranks_;           ///< on the root
  std::vector<double> heard_;              ///< when each rank last asked, on the root; infinite once it has left
  double next_watch_ = 0;
};

}  // namespace pool3
