#include <algorithm>
#include <limits>
#include <vector>

#include "mpi/return_codes.hpp"
#include "pool3/mpi.hpp"
#include "pool3/mpi/traffic.hpp"

namespace pool3 {
namespace {

using mpi::check_mpi;

constexpr int small_bytes = 8;
constexpr int large_bytes = 4 << 20;

void send(const Communicator& comm, const std::vector<char>& message, int to) {
  check_mpi(MPI_Send(message.data(), static_cast<int>(message.size()), MPI_BYTE, to, 0, comm.native()), "MPI_Send");
}

void receive(const Communicator& comm, std::vector<char>& message, int from) {
  check_mpi(
      MPI_Recv(message.data(), static_cast<int>(message.size()), MPI_BYTE, from, 0, comm.native(), MPI_STATUS_IGNORE),
      "MPI_Recv");
}

/// Seconds of one way, on the first rank: half of the fastest of `rounds` times there and back. Other programs can make
/// a message slower, never faster. Called by the first and the last rank.
double one_way(const Communicator& comm, int bytes, int rounds) {
  std::vector<char> message(static_cast<std::size_t>(bytes));
  double fastest = std::numeric_limits<double>::infinity();
  for (int i = 0; i < rounds; ++i) {
    const double start = MPI_Wtime();
    if (comm.is_root()) {
      send(comm, message, comm.size() - 1);
      receive(comm, message, comm.size() - 1);
    } else {
      receive(comm, message, 0);
      send(comm, message, 0);
    }
    fastest = std::min(fastest, MPI_Wtime() - start);
  }
  return fastest / 2;
}

}  // namespace

MessageCost measure_messages(const Communicator& comm) {
  std::vector<double> cost(2);
  if (comm.is_root() || comm.rank() == comm.size() - 1) {
    cost[0] = one_way(comm, small_bytes, 500);
    const double large = one_way(comm, large_bytes, 30);
    cost[1] = large_bytes / std::max(large - cost[0], 1e-9);
  }
  comm.broadcast(std::span(cost));
  return {cost[0], cost[1]};
}

}  // namespace pool3
