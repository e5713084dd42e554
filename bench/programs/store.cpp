// Writing rows through the store against plain pwrite of as many bytes, by the same ranks to the same disk, in turns:
// each rank into a file of its own, and all of them into one file, as the store does.
//
//   mpirun -n 2 bench_store FOLDER [ROWS] [TIMES] [ALIGNMENT]
//
// Prints the median rate of each, and its share of plain writing: the median, least and largest of the rounds.
// Once into the page cache alone, once with a sync at the end, and once in CPU time, which other programs disturb
// least. The store checksums its rows as well.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "pool3/store/features.hpp"

namespace {

constexpr std::int64_t block_rows = 16, width = 2048;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// User and system time of this rank.
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

pool3::FeatureSpec spec_of(std::int64_t rows, const std::vector<std::int32_t>& labels) {
  pool3::FeatureSpec spec;
  spec.width = width;
  spec.rows = rows;
  spec.block_rows = block_rows;
  spec.root = "/bench";
  spec.labels = labels;
  spec.path = [](pool3::Row) { return std::string_view("picture.jpg"); };
  return spec;
}

/// Seconds until the cache has all, and until the disk has.
struct Times {
  double cached = 0, synced = 0;
  double cpu = 0;    ///< of both, a rank
  double whole = 0;  ///< with all that comes before and after
};

/// Writes by `write`, syncs `path`, and takes the time of the slowest rank. Collective.
Times measure(const pool3::Communicator& comm, const std::string& path, const std::function<void()>& write) {
  comm.barrier();
  const double start = now();
  const double cpu = cpu_seconds();
  write();
  const double cached = now() - start;
  const int file = open(path.c_str(), O_RDONLY);
  fsync(file);
  close(file);
  const double synced = now() - start;
  return {comm.max(cached), comm.max(synced), comm.sum(cpu_seconds() - cpu) / comm.size(), 0};
}

/// All blocks through the store, without creation and the last tables.
Times store_times(const pool3::Communicator& comm, const std::string& folder, std::int64_t rows,
                  std::int64_t alignment) {
  const std::vector<std::int32_t> labels(static_cast<std::size_t>(rows), -1);
  const std::string path = folder + "/store.h5";
  const double start = now();
  pool3::FeatureSpec spec = spec_of(rows, labels);
  spec.alignment = alignment;
  pool3::FeatureWriter writer = pool3::FeatureWriter::open(comm, path, spec);
  const std::vector<float> features(static_cast<std::size_t>(block_rows * width), 0.25F);
  const std::vector<pool3::ImageKey> keys(block_rows);
  const std::vector<pool3::RowStatus> status(block_rows, pool3::RowStatus::done);
  Times times = measure(comm, path + ".partial", [&] {
    for (std::int64_t b = comm.rank(); b < writer.blocks(); b += comm.size()) {
      const auto n = static_cast<std::size_t>(writer.block(b).size());
      writer.write_block(b, std::span(features).first(n * static_cast<std::size_t>(width)), std::span(keys).first(n),
                         std::span(status).first(n), {});
    }
  });
  writer.finish(comm);
  times.whole = comm.max(now() - start);
  if (comm.is_root()) unlink(path.c_str());
  comm.barrier();
  return times;
}

/// The same blocks by pwrite alone: each rank into a file of its own, or all into one.
Times plain_times(const pool3::Communicator& comm, const std::string& folder, std::int64_t rows, bool shared) {
  const std::string path = folder + "/plain." + (shared ? "all" : std::to_string(comm.rank()));
  const std::vector<char> block(static_cast<std::size_t>(block_rows * (width * 4 + 33) + 8), 'x');
  const int file = open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  const Times times = measure(comm, path, [&] {
    for (std::int64_t b = comm.rank(); b < rows / block_rows; b += comm.size()) {
      const auto at = static_cast<off_t>(block.size()) * (shared ? b : b / comm.size());
      if (pwrite(file, block.data(), block.size(), at) != static_cast<ssize_t>(block.size())) std::abort();
    }
  });
  close(file);
  comm.barrier();
  unlink(path.c_str());
  comm.barrier();
  return times;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// One round: plain into files of their own, plain into one file, the store.
using Round = std::array<Times, 3>;

void print(const char* what, double mb, const std::vector<Round>& rounds, double Times::*kind) {
  constexpr std::array<const char*, 3> names = {"plain, own files", "plain, one file", "the store"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::vector<double> seconds, shares;
    for (const Round& round : rounds) {
      seconds.push_back(round.at(i).*kind);
      shares.push_back(100 * round[0].*kind / seconds.back());
    }
    std::printf("%-16s %-17s %6.0f MB/s, %4.0f %% (%.0f to %.0f)\n", what, names.at(i), mb / median(seconds),
                median(shares), *std::min_element(shares.begin(), shares.end()),
                *std::max_element(shares.begin(), shares.end()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const pool3::MpiSession session(argc, argv);
  const pool3::Communicator comm = pool3::Communicator::world();
  if (argc < 2) return 2;
  const std::int64_t rows = argc > 2 ? std::atoll(argv[2]) : 65536;
  const int times = argc > 3 ? std::atoi(argv[3]) : 5;
  const std::int64_t alignment = argc > 4 ? std::atoll(argv[4]) : 0;
  std::vector<Round> rounds;
  std::vector<double> whole;
  for (int i = 0; i < times; ++i) {
    const Times own = plain_times(comm, argv[1], rows, false);
    const Times one = plain_times(comm, argv[1], rows, true);
    rounds.push_back({own, one, store_times(comm, argv[1], rows, alignment)});
    whole.push_back(rounds.back()[2].whole);
  }
  if (comm.is_root()) {
    const double mb = static_cast<double>(rows) * (width * 4 + 33) / 1e6;
    std::printf(
        "%lld rows, %.0f MB, %d ranks, %d rounds; shares are of plain writing into own files: median "
        "(least to largest)\n",
        static_cast<long long>(rows), mb, comm.size(), times);
    print("into the cache", mb, rounds, &Times::cached);
    print("and to the disk", mb, rounds, &Times::synced);
    print("in CPU time", mb, rounds, &Times::cpu);
    std::printf("the whole file, from creation to its last name: %.2f s\n", median(whole));
  }
  return 0;
}
