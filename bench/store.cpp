// Writing rows through the store against plain pwrite of as many bytes, by the same ranks to the same disk, in turns.
//
//   mpirun -n 2 bench_store FOLDER [ROWS] [TIMES]
//
// Prints the median rate of each, and the share that the store reaches. The store checksums rows as well; both sync.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "pool3/features.hpp"

namespace {

constexpr std::int64_t block_rows = 16;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

pool3::FeatureSpec spec_of(std::int64_t rows, const std::vector<std::int32_t>& labels) {
  pool3::FeatureSpec spec;
  spec.rows = rows;
  spec.block_rows = block_rows;
  spec.root = "/bench";
  spec.labels = labels;
  spec.path = [](pool3::Row) { return std::string_view("picture.jpg"); };
  return spec;
}

/// Seconds to write all blocks and to sync, without creation and the last tables.
double store_seconds(const pool3::Communicator& comm, const std::string& folder, std::int64_t rows) {
  const std::vector<std::int32_t> labels(static_cast<std::size_t>(rows), -1);
  const std::string path = folder + "/store.h5";
  pool3::FeatureWriter writer = pool3::FeatureWriter::open(comm, path, spec_of(rows, labels));
  const std::vector<float> features(static_cast<std::size_t>(block_rows * pool3::feature_dim), 0.25F);
  const std::vector<pool3::ImageKey> keys(block_rows);
  const std::vector<pool3::RowStatus> status(block_rows, pool3::RowStatus::done);
  comm.barrier();
  const double start = now();
  for (std::int64_t b = comm.rank(); b < writer.blocks(); b += comm.size()) {
    const auto n = static_cast<std::size_t>(writer.block(b).size());
    writer.write_block(b, std::span(features).first(n * static_cast<std::size_t>(pool3::feature_dim)),
                       std::span(keys).first(n), std::span(status).first(n), {});
  }
  const int file = open((path + ".partial").c_str(), O_RDONLY);
  fsync(file);
  close(file);
  const double seconds = comm.max(now() - start);
  writer.finish(comm);
  if (comm.is_root()) unlink(path.c_str());
  comm.barrier();
  return seconds;
}

/// Seconds for the same blocks by pwrite alone, each rank into a file of its own.
double plain_seconds(const pool3::Communicator& comm, const std::string& folder, std::int64_t rows) {
  const std::string path = folder + "/plain." + std::to_string(comm.rank());
  const std::vector<char> block(static_cast<std::size_t>(block_rows * (pool3::feature_dim * 4 + 33) + 8), 'x');
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  comm.barrier();
  const double start = now();
  off_t at = 0;
  for (std::int64_t b = comm.rank(); b < rows / block_rows; b += comm.size()) {
    if (pwrite(file, block.data(), block.size(), at) != static_cast<ssize_t>(block.size())) std::abort();
    at += static_cast<off_t>(block.size());
  }
  fsync(file);
  const double seconds = comm.max(now() - start);
  close(file);
  unlink(path.c_str());
  comm.barrier();
  return seconds;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const pool3::MpiSession session(argc, argv);
  const pool3::Communicator comm = pool3::Communicator::world();
  if (argc < 2) return 2;
  const std::int64_t rows = argc > 2 ? std::atoll(argv[2]) : 65536;
  const int times = argc > 3 ? std::atoi(argv[3]) : 5;
  const double mb = static_cast<double>(rows) * (pool3::feature_dim * 4 + 33) / 1e6;
  std::vector<double> store;
  std::vector<double> plain;
  for (int i = 0; i < times; ++i) {
    plain.push_back(plain_seconds(comm, argv[1], rows));
    store.push_back(store_seconds(comm, argv[1], rows));
  }
  if (comm.is_root()) {
    std::printf("%lld rows, %.0f MB, %d ranks, median of %d\n", static_cast<long long>(rows), mb, comm.size(), times);
    std::printf("plain pwrite  %8.0f MB/s\nstore         %8.0f MB/s, %.0f %% of it\n", mb / median(plain),
                mb / median(store), 100 * median(plain) / median(store));
  }
  return 0;
}
