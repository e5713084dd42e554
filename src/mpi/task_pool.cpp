#include "pool3/mpi/task_pool.hpp"

#include <limits>
#include <utility>

#include "mpi/return_codes.hpp"
#include "mpi/silent_ranks.hpp"
#include "pool3/mpi.hpp"

namespace pool3 {
namespace {

using mpi::check_mpi;

constexpr int question_tag = 2;
constexpr int answer_tag = 3;
constexpr int question_words = 4;

bool message_waits(MPI_Comm comm, int from, int tag, MPI_Status& status) {
  int flag = 0;
  check_mpi(MPI_Iprobe(from, tag, comm, &flag, &status), "MPI_Iprobe");
  return flag != 0;
}

/// When all ranks are here. Collective.
double time_of_all(const Communicator& comm) {
  comm.barrier();
  return MPI_Wtime();
}

}  // namespace

TaskPool::TaskPool(const Communicator& comm, std::int64_t count, std::vector<bool> done)
    : comm_(&comm), count_(count), done_(std::move(done)), next_watch_(time_of_all(comm)) {
  if (!comm.is_root()) return;
  world_ranks_ = mpi::world_ranks(comm.native());
  heard_.assign(world_ranks_.size(), MPI_Wtime());
}

TaskPool::~TaskPool() = default;

// Messages are a few words long, so MPI_Send hands them over without waiting for the other side.
void TaskPool::ask(const Note& note) {
  const Question question{note, 0};
  if (comm_->is_root()) {
    answer_ = serve(question);
    return;
  }
  check_mpi(MPI_Send(&question, question_words, MPI_INT64_T, 0, question_tag, comm_->native()), "MPI_Send");
  open_ = true;
  silence_ = std::make_unique<mpi::Silence>(comm_->native());
}

void TaskPool::leave(const Note& last_note) {
  const Question question{last_note, 1};
  gone_ = true;
  if (comm_->is_root()) {
    serve(question);
  } else {
    check_mpi(MPI_Send(&question, question_words, MPI_INT64_T, 0, question_tag, comm_->native()), "MPI_Send");
  }
}

std::int64_t TaskPool::serve(const Question& question) {
  tally_.done += question.note.done;
  tally_.failed += question.note.failed;
  tally_.stops += question.note.stops;
  if (question.leaves != 0) {
    ++left_;
    return none_left;
  }
  if (stopped_) return stopped;
  const auto is_done = [&](std::int64_t task) {
    return static_cast<std::size_t>(task) < done_.size() && done_[static_cast<std::size_t>(task)];
  };
  while (next_ < count_ && is_done(next_)) ++next_;
  return next_ < count_ ? next_++ : none_left;
}

void TaskPool::poll() {
  MPI_Status status{};
  if (open_ && message_waits(comm_->native(), 0, answer_tag, status)) {
    std::int64_t answer = 0;
    check_mpi(MPI_Recv(&answer, 1, MPI_INT64_T, 0, answer_tag, comm_->native(), MPI_STATUS_IGNORE), "MPI_Recv");
    answer_ = answer;
    open_ = false;
    silence_.reset();
  }
  if (silence_) silence_->check();
  if (comm_->is_root()) answer_questions();
  if (comm_->size() > 1 && MPI_Wtime() >= next_watch_) watch();
}

void TaskPool::answer_questions() {
  MPI_Status status{};
  while (message_waits(comm_->native(), MPI_ANY_SOURCE, question_tag, status)) {
    Question question{};
    static_assert(sizeof question == question_words * sizeof(std::int64_t));
    check_mpi(MPI_Recv(&question, question_words, MPI_INT64_T, status.MPI_SOURCE, question_tag, comm_->native(),
                       MPI_STATUS_IGNORE),
              "MPI_Recv");
    const std::int64_t answer = serve(question);
    hear(status.MPI_SOURCE, question.leaves != 0);
    if (question.leaves != 0) continue;
    check_mpi(MPI_Send(&answer, 1, MPI_INT64_T, status.MPI_SOURCE, answer_tag, comm_->native()), "MPI_Send");
  }
}

void TaskPool::hear(int rank, bool leaves) {
  const auto at = static_cast<std::size_t>(rank);
  const double now = MPI_Wtime();
  if (now - heard_[at] > mpi::patience()) mpi::say_heard(world_ranks_[at], now - heard_[at]);
  heard_[at] = leaves ? std::numeric_limits<double>::infinity() : now;
}

/// Tells ranks that wait for others that this one is there, and on the root, which ranks have not asked for long.
void TaskPool::watch() {
  const double now = MPI_Wtime();
  const double away = now - next_watch_;
  next_watch_ = now + mpi::patience() / 60;
  mpi::answer_watch();
  for (double& heard : heard_) heard += away;  // what this rank has missed is not their silence
  for (std::size_t rank = 1; rank < heard_.size(); ++rank)
    if (now - heard_[rank] > mpi::patience()) mpi::say_silent(world_ranks_[rank], "asked for work", now - heard_[rank]);
}

std::optional<std::int64_t> TaskPool::take() { return std::exchange(answer_, std::nullopt); }

}  // namespace pool3
