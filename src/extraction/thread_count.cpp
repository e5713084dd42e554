#include "extraction/thread_count.hpp"

#include <sched.h>

#include <algorithm>
#include <vector>

#include "pool3/extraction.hpp"

namespace pool3 {
namespace extraction {
namespace {

int default_threads(const Communicator& comm) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  const Communicator node = comm.split_by_node();
  std::vector<double> used(CPU_SETSIZE, 0.0);
  for (std::size_t core = 0; core < used.size(); ++core) used[core] = CPU_ISSET(core, &cores) ? 1.0 : 0.0;
  const std::int64_t mine = CPU_COUNT(&cores);
  node.max(used);
  const auto all = static_cast<std::int64_t>(std::count(used.begin(), used.end(), 1.0));
  // Ranks that are bound have cores of their own; others share the same ones.
  const bool own_cores = node.sum(mine) <= all;
  return static_cast<int>(std::max<std::int64_t>(1, own_cores ? mine : all / node.size()));
}

}  // namespace

WorkThreads threads_on(int cores, Device device) {
  const int waiting_for_gpu = device == Device::cuda ? 2 : 0;  // one copies while the other computes
  return {.computing = cores + waiting_for_gpu,
          .in_network = waiting_for_gpu > 0 ? waiting_for_gpu : cores,
          .reading = 1 + cores / 2};
}

}  // namespace extraction

int thread_count(const Communicator& comm, int wanted) {
  return wanted > 0 ? wanted : extraction::default_threads(comm);
}

}  // namespace pool3
