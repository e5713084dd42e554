// pool3 bench: what messages between this job's ranks cost. slurm/scaling.py predicts with it.

#include <fmt/format.h>

#include "command.hpp"
#include "console/output.hpp"
#include "pool3/mpi/traffic.hpp"

namespace pool3::jobs {
namespace {

class BenchCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.take_arguments("WHAT", what_, "messages: between the first and the last rank, as one JSON line");
  }

  ExitCode run(const Context& context) override {
    context.comm.all_do([&] {
      if (what_.size() != 1 || what_[0] != "messages")
        throw usage_error("pool3 bench measures 'messages' (slurm/scaling.py does the scaling experiments)");
      if (context.comm.size() == 1)
        throw usage_error("pool3 bench messages needs two ranks or more, as in mpirun -n 2");
    });
    const MessageCost cost = measure_messages(context.comm);
    const Communicator node = context.comm.split_by_node();
    const auto nodes = context.comm.sum(std::int64_t{node.is_root() ? 1 : 0});
    if (context.comm.is_root())
      print_line(fmt::format(R"({{"ranks": {}, "nodes": {}, "latency_us": {:.3f}, "bandwidth_gbps": {:.3f}}})",
                             context.comm.size(), nodes, 1e6 * cost.latency_seconds, 1e-9 * cost.bytes_per_second));
    return ExitCode::ok;
  }

 private:
  std::vector<std::string> what_;
};

}  // namespace

std::unique_ptr<Command> make_bench() { return std::make_unique<BenchCommand>(); }

}  // namespace pool3::jobs
