#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <numeric>
#include <utility>

#include "mpi/error_fields.hpp"
#include "mpi/rank_meeting.hpp"
#include "mpi/return_codes.hpp"
#include "mpi/silent_ranks.hpp"
#include "pool3/mpi.hpp"
#include "pool3/mpi/traffic.hpp"

namespace pool3 {
namespace {

using mpi::check_mpi;
using mpi::max_count;

Traffic spent;

bool has_launcher() {
  constexpr std::array names = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMIX_NAMESPACE", "PMI_RANK"};
  return std::ranges::any_of(names, [](const char* name) { return std::getenv(name) != nullptr; });
}

/// Counts one collective call for its life.
class Stopwatch {
 public:
  explicit Stopwatch(std::size_t bytes) : start_(MPI_Wtime()) {
    ++spent.calls;
    spent.bytes += static_cast<std::int64_t>(bytes);
  }
  ~Stopwatch() { spent.seconds += MPI_Wtime() - start_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double start_;
};

/// Calls `call(pointer, count)` on pieces that MPI's int counts can name.
template <typename T, typename Call>
void in_pieces(std::span<T> values, const Call& call) {
  for (std::size_t at = 0; at < values.size(); at += max_count) {
    const std::size_t count = std::min(max_count, values.size() - at);
    call(values.data() + at, static_cast<int>(count));
  }
}

/// `out` goes to one rank while `in` comes from another, in as many pieces as either needs.
void send_and_receive(std::span<const char> out, int to, std::span<char> in, int from, MPI_Comm comm) {
  constexpr int tag = 3;
  while (!out.empty() || !in.empty()) {
    const auto put = out.first(std::min(max_count, out.size()));
    const auto got = in.first(std::min(max_count, in.size()));
    check_mpi(MPI_Sendrecv(put.data(), static_cast<int>(put.size()), MPI_BYTE, put.empty() ? MPI_PROC_NULL : to, tag,
                           got.data(), static_cast<int>(got.size()), MPI_BYTE, got.empty() ? MPI_PROC_NULL : from, tag,
                           comm, MPI_STATUS_IGNORE),
              "MPI_Sendrecv");
    out = out.subspan(put.size());
    in = in.subspan(got.size());
  }
}

template <typename T>
void reduce(std::span<T> values, MPI_Datatype type, MPI_Op op, MPI_Comm comm, std::int64_t& bytes_sent) {
  const Stopwatch stopwatch(values.size_bytes());
  mpi::meet(comm);
  bytes_sent += static_cast<std::int64_t>(values.size_bytes());
  // Reduce and broadcast rather than allreduce: the ranks then agree to the last bit, whatever the algorithm.
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  in_pieces(values, [&](T* data, int count) {
    const void* send = rank == 0 ? MPI_IN_PLACE : data;
    check_mpi(MPI_Reduce(send, data, count, type, op, 0, comm), "MPI_Reduce");
    check_mpi(MPI_Bcast(data, count, type, 0, comm), "MPI_Bcast");
  });
}

template <typename T>
void send_from_root(std::span<T> values, MPI_Datatype type, MPI_Comm comm, std::int64_t& bytes_sent) {
  int size = 1;
  check_mpi(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  if (size == 1) return;
  const Stopwatch stopwatch(values.size_bytes());
  mpi::meet(comm);
  bytes_sent += static_cast<std::int64_t>(values.size_bytes());
  in_pieces(values, [&](T* data, int count) { check_mpi(MPI_Bcast(data, count, type, 0, comm), "MPI_Bcast"); });
}

}  // namespace

Traffic traffic() { return spent; }

MpiSession::MpiSession(int& argc, char**& argv) {
  // A rank whose message is not there yet lets others have its core. It may be that of the rank which is to send it.
  ::setenv("OMPI_MCA_mpi_yield_when_idle", "1", /*overwrite=*/0);
  // A rank that no launcher has started needs no daemon of Open MPI beside it, which would look for ssh on the PATH,
  // and no folder in $TMPDIR, which may be full, and which others that end at that moment may take away.
  ::setenv("OMPI_MCA_ess_singleton_isolated", "1", /*overwrite=*/0);
  if (!has_launcher()) ::setenv("OMPI_MCA_orte_create_session_dirs", "0", /*overwrite=*/0);
  int provided = 0;
  mpi::check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  mpi::check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  if (provided < MPI_THREAD_FUNNELED) {
    throw Error({.stage = "mpi", .cause = "this MPI gives no thread support", .advice = "pool3 needs FUNNELED"});
  }
  mpi::open_watch();
}

MpiSession::~MpiSession() {
  if (std::uncaught_exceptions() != 0) return;
  mpi::close_watch();
  MPI_Finalize();
}

Communicator::Communicator(MPI_Comm owned) : comm_(owned) {
  check_mpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
}

Communicator Communicator::world() {
  MPI_Comm copy = MPI_COMM_NULL;
  check_mpi(MPI_Comm_dup(MPI_COMM_WORLD, &copy), "MPI_Comm_dup");
  return Communicator(copy);
}

Communicator::Communicator(Communicator&& other) noexcept
    : comm_(std::exchange(other.comm_, MPI_COMM_NULL)),
      rank_(other.rank_),
      size_(other.size_),
      bytes_sent_(other.bytes_sent_) {}

Communicator& Communicator::operator=(Communicator&& other) noexcept {
  std::swap(comm_, other.comm_);
  std::swap(rank_, other.rank_);
  std::swap(size_, other.size_);
  std::swap(bytes_sent_, other.bytes_sent_);
  return *this;
}

Communicator::~Communicator() {
  // Freeing is collective; while an exception unwinds the others may never come.
  if (comm_ != MPI_COMM_NULL && std::uncaught_exceptions() == 0) MPI_Comm_free(&comm_);
}

Communicator Communicator::split(int colour) const {
  mpi::meet(comm_);
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(comm_, colour, rank_, &part), "MPI_Comm_split");
  return Communicator(part);
}

Communicator Communicator::split_by_node() const {
  mpi::meet(comm_);
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &part), "MPI_Comm_split_type");
  return Communicator(part);
}

void Communicator::barrier() const { mpi::meet(comm_); }

void Communicator::sum(std::span<double> values) const {
  if (size_ > 1) reduce(values, MPI_DOUBLE, MPI_SUM, comm_, bytes_sent_);
}
void Communicator::sum(std::span<float> values) const {
  if (size_ > 1) reduce(values, MPI_FLOAT, MPI_SUM, comm_, bytes_sent_);
}
void Communicator::sum(std::span<std::int64_t> values) const {
  if (size_ > 1) reduce(values, MPI_INT64_T, MPI_SUM, comm_, bytes_sent_);
}
void Communicator::max(std::span<double> values) const {
  if (size_ > 1) reduce(values, MPI_DOUBLE, MPI_MAX, comm_, bytes_sent_);
}
std::int64_t Communicator::sum(std::int64_t value) const {
  sum(std::span(&value, 1));
  return value;
}
double Communicator::sum(double value) const {
  sum(std::span(&value, 1));
  return value;
}
double Communicator::max(double value) const {
  max(std::span(&value, 1));
  return value;
}
bool Communicator::all(bool value) const { return max(value ? 0.0 : 1.0) == 0.0; }

void Communicator::broadcast(std::string& bytes) const {
  mpi::meet(comm_);
  auto size = static_cast<std::uint64_t>(bytes.size());
  check_mpi(MPI_Bcast(&size, 1, MPI_UINT64_T, 0, comm_), "MPI_Bcast");
  bytes.resize(size);
  send_from_root(std::span(bytes.data(), bytes.size()), MPI_BYTE, comm_, bytes_sent_);
}

void Communicator::broadcast(std::span<double> values) const { send_from_root(values, MPI_DOUBLE, comm_, bytes_sent_); }
void Communicator::broadcast(std::span<float> values) const { send_from_root(values, MPI_FLOAT, comm_, bytes_sent_); }

std::vector<std::string> Communicator::gather(const std::string& bytes) const {
  constexpr int tag = 1;
  mpi::meet(comm_);
  if (!is_root()) {
    auto size = static_cast<std::uint64_t>(bytes.size());
    check_mpi(MPI_Send(&size, 1, MPI_UINT64_T, 0, tag, comm_), "MPI_Send");
    in_pieces(std::span(bytes.data(), bytes.size()), [&](const char* data, int count) {
      check_mpi(MPI_Send(data, count, MPI_BYTE, 0, tag, comm_), "MPI_Send");
    });
    return {};
  }
  std::vector<std::string> all(static_cast<std::size_t>(size_));
  all[0] = bytes;
  for (int from = 1; from < size_; ++from) {
    std::uint64_t size = 0;
    check_mpi(MPI_Recv(&size, 1, MPI_UINT64_T, from, tag, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
    std::string& text = all[static_cast<std::size_t>(from)];
    text.resize(size);
    in_pieces(std::span(text.data(), text.size()), [&](char* data, int count) {
      check_mpi(MPI_Recv(data, count, MPI_BYTE, from, tag, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
    });
  }
  return all;
}

std::string Communicator::scatter(const std::vector<std::string>& parts) const {
  constexpr int tag = 2;
  mpi::meet(comm_);
  if (is_root()) {
    for (int to = 1; to < size_; ++to) {
      const std::string& text = parts.at(static_cast<std::size_t>(to));
      auto size = static_cast<std::uint64_t>(text.size());
      check_mpi(MPI_Send(&size, 1, MPI_UINT64_T, to, tag, comm_), "MPI_Send");
      in_pieces(std::span(text.data(), text.size()), [&](const char* data, int count) {
        check_mpi(MPI_Send(data, count, MPI_BYTE, to, tag, comm_), "MPI_Send");
      });
    }
    return parts.at(0);
  }
  std::uint64_t size = 0;
  check_mpi(MPI_Recv(&size, 1, MPI_UINT64_T, 0, tag, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
  std::string mine(size, '\0');
  in_pieces(std::span(mine.data(), mine.size()), [&](char* data, int count) {
    check_mpi(MPI_Recv(data, count, MPI_BYTE, 0, tag, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
  });
  return mine;
}

std::vector<std::string> Communicator::exchange(const std::vector<std::string>& parts) const {
  if (size_ == 1) return {parts.at(0)};
  const auto ranks = static_cast<std::size_t>(size_);
  std::vector<std::uint64_t> out(ranks);
  std::vector<std::uint64_t> in(ranks);
  for (std::size_t i = 0; i < ranks; ++i) out[i] = parts.at(i).size();
  const std::uint64_t bytes = std::accumulate(out.begin(), out.end(), std::uint64_t{0});
  const Stopwatch stopwatch(bytes);
  bytes_sent_ += static_cast<std::int64_t>(bytes);
  mpi::meet(comm_);
  check_mpi(MPI_Alltoall(out.data(), 1, MPI_UINT64_T, in.data(), 1, MPI_UINT64_T, comm_), "MPI_Alltoall");
  std::vector<std::string> came(ranks);
  // In pairs, the way MPI_Alltoallv does it for long messages, but not bound to its int displacements.
  for (int step = 0; step < size_; ++step) {
    const int to = (rank_ + step) % size_;
    const int from = (rank_ - step + size_) % size_;
    std::string& text = came[static_cast<std::size_t>(from)];
    text.resize(in[static_cast<std::size_t>(from)]);
    send_and_receive(parts[static_cast<std::size_t>(to)], to, text, from, comm_);
  }
  return came;
}

void Communicator::throw_if_any(const std::optional<ErrorFields>& mine) const {
  mpi::meet(comm_);
  int lowest = mine ? rank_ : size_;
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &lowest, 1, MPI_INT, MPI_MIN, comm_), "MPI_Allreduce");
  if (lowest == size_) return;
  std::string packed = lowest == rank_ ? mpi::pack(*mine) : std::string();
  auto size = static_cast<std::uint64_t>(packed.size());
  check_mpi(MPI_Bcast(&size, 1, MPI_UINT64_T, lowest, comm_), "MPI_Bcast");
  packed.resize(size);
  check_mpi(MPI_Bcast(packed.data(), static_cast<int>(size), MPI_BYTE, lowest, comm_), "MPI_Bcast");
  ErrorFields fields = mpi::unpack(packed);
  if (size_ > 1 && fields.code != ExitCode::usage) fields.rank = lowest;
  throw Error(std::move(fields), /*collective=*/true);
}

void Communicator::root_does(const std::function<void()>& action) const {
  all_do([&] {
    if (is_root()) action();
  });
}

void Communicator::all_do(const std::function<void()>& action) const {
  std::optional<ErrorFields> mine;
  try {
    action();
  } catch (const std::exception& error) {
    mine = unforeseen_error(error).fields();
  }
  throw_if_any(mine);
}

void abort_all(const Communicator& comm, ExitCode code) {
  MPI_Abort(comm.native(), static_cast<int>(code));
  std::abort();  // MPI_Abort does not return
}

void exit_all(ExitCode code) {
  std::fflush(nullptr);
  MPI_Finalize();
  std::_Exit(static_cast<int>(code));
}

}  // namespace pool3
