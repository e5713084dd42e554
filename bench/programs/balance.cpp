// Load balance of extractions, without their arithmetic: the real hand-out of blocks, threads and files, and a network
// that sleeps for as long as each picture says. So more ranks than cores can be measured. What bench/balance runs.
//
//   mpirun -n 4 bench_balance OUT.h5 PICTURES
//
// Each rank prints "RANK pid" and, at the end, "did" with the seconds of sleep of its pictures and the time at which
// the last of them was written. The root then prints the seconds of sleep of all pictures, and the seconds it took.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "pool3/extraction.hpp"

namespace {

using namespace pool3;

/// Pictures differ: 8 to 88 ms.
int milliseconds_of(std::int64_t row) { return 8 + static_cast<int>(row * 7919 % 81); }

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

class SleepingNetwork : public Network {
 public:
  [[nodiscard]] std::int64_t width() const override { return inception_width; }

  /// Many short sleeps, so that a process that is stopped half of the time takes twice as long: of each, some
  /// milliseconds count at most. Those that a busy machine wakes up late count as long as they were.
  void features(std::span<const float> input, int count, std::span<float> out) const override {
    for (int i = 0; i < count; ++i) {
      const double red = input[static_cast<std::size_t>(i * input_floats)];
      for (double left = red * 0.255; left > 0;) {
        const double start = now();
        std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, 0.003)));
        left -= std::min(now() - start, 0.012);
      }
      std::fill_n(out.begin() + std::ptrdiff_t{i} * inception_width, inception_width, static_cast<float>(red));
    }
  }
  [[nodiscard]] std::vector<StageOutput> stages(std::span<const float>) const override { return {}; }
};

std::vector<std::byte> picture(std::string_view path) {
  const auto red = static_cast<std::uint8_t>(milliseconds_of(std::stoll(std::string(path))));
  const std::string png = encode_png(Image{1, 1, {red, 0, 0}});
  const auto* begin = reinterpret_cast<const std::byte*>(png.data());
  return {begin, begin + png.size()};
}

void run(const Communicator& comm, const std::string& out, std::int64_t rows) {
  std::printf("%d %d\n", comm.rank(), getpid());
  std::fflush(stdout);
  comm.barrier();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // bench/balance begins to slow one down
  const std::vector<std::int32_t> labels(static_cast<std::size_t>(rows), -1);
  std::vector<std::string> names;
  for (std::int64_t row = 0; row < rows; ++row) names.push_back(std::to_string(row));
  FeatureSpec spec;
  spec.rows = rows;
  spec.width = inception_width;
  spec.root = "/";
  spec.labels = labels;
  spec.path = [&](Row row) { return std::string_view(names[static_cast<std::size_t>(row)]); };
  FeatureWriter writer = FeatureWriter::open(comm, out, spec);
  double own = 0;   // seconds of sleep of this rank's pictures
  double last = 0;  // when the last of them was written
  const Extractor extractor(std::make_shared<SleepingNetwork>(), {});
  Extraction extraction = extractor.start({.read = picture, .write = [&](const BlockResult& b) {
                                             writer.write_block(b.index, b.features, b.keys, b.status, b.failures);
                                             const RowRange done = writer.block(b.index);
                                             for (Row row = done.begin; row < done.end; ++row)
                                               own += milliseconds_of(row) / 1000.0;
                                             last = now();
                                           }});
  comm.barrier();
  const double start = now();
  static_cast<void>(fill_file(comm, extraction, writer, {}));
  comm.barrier();
  const double seconds = now() - start;
  std::printf("did %.3f %.3f\n", own, std::max(0.0, last - start));
  std::fflush(stdout);
  comm.barrier();
  writer.finish(comm);
  double slept = 0;
  for (std::int64_t row = 0; row < rows; ++row) slept += milliseconds_of(row) / 1000.0;
  if (comm.is_root()) std::printf("seconds %.3f %.3f\n", slept, seconds);
}

}  // namespace

int main(int argc, char** argv) try {
  MpiSession session(argc, argv);
  const Communicator comm = Communicator::world();
  if (argc != 3) throw usage_error("two arguments: the file to make, and the number of pictures");
  run(comm, argv[1], std::stoll(argv[2]));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  _exit(1);
}
