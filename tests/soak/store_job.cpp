// A small job of the store alone, for tests that kill it: store_job FILE [durable]. Run with any number of ranks, as
// often as needed. Prints how many blocks were done when it began.

#include <algorithm>
#include <cstdio>

#include "pool3/mpi/task_pool.hpp"
#include "support/store_sample.hpp"

namespace {

constexpr std::int64_t rows = 23;  // six blocks, three failed rows

int work(const pool3::Communicator& comm, const std::string& path, bool durable) {
  const pool3::test::Sample sample(rows);
  pool3::FeatureSpec spec = sample.spec();
  spec.durable = durable;
  pool3::FeatureWriter writer = pool3::FeatureWriter::open(comm, path, spec);
  if (comm.is_root()) {
    std::printf("%lld blocks done\n",
                static_cast<long long>(std::count(writer.done().begin(), writer.done().end(), true)));
    std::fflush(stdout);
  }
  pool3::TaskPool pool(comm, writer.blocks(), writer.done());
  bool open = false;
  bool left = false;
  while (!pool.finished()) {
    pool.poll();
    if (const auto task = pool.take()) {
      open = false;
      if (*task >= 0) sample.write_block(writer, *task);
      if (*task < 0) pool.leave({});
      left = *task < 0;
    }
    if (!open && !left) {
      pool.ask({});
      open = true;
    }
  }
  writer.finish(comm);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const pool3::MpiSession session(argc, argv);
  const pool3::Communicator comm = pool3::Communicator::world();
  try {
    return argc < 2 ? 2 : work(comm, argv[1], argc > 2);
  } catch (const pool3::Error& error) {
    if (comm.is_root() || !error.collective()) std::fprintf(stderr, "store_job: error: %s\n", error.what());
    if (error.collective()) return 1;
    pool3::abort_all(comm, pool3::ExitCode::failed);
  }
}
