#include "commands/dry_run.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "extraction/workers.hpp"
#include "pool3/network.hpp"
#include "pool3/partition.hpp"
#include "setup/network.hpp"
#include "setup/weights.hpp"

namespace pool3::jobs {
namespace {

/// What a sample told.
struct Measured {
  double images_per_second = 0;           ///< of all ranks; 0: there were no weights
  double root_bytes = 0, rank_bytes = 0;  ///< most memory of the root, and of any other rank
  std::string missing;                    ///< why nothing was measured
};

/// Most memory of this process so far.
double peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

/// Rows spread evenly over the catalogue, a block for each thread of each rank. Collective.
std::vector<std::string> sample_paths(const Communicator& comm, const Manifest& manifest, int batch, int threads) {
  const std::int64_t count = std::int64_t{batch} * threads;
  std::vector<std::string> parts;
  for (std::int64_t rank = 0; comm.is_root() && rank < comm.size(); ++rank) {
    std::string part;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = even_share(manifest.size(), count * comm.size(), i * comm.size() + rank).begin;
      part.append(manifest.paths[std::min(row, manifest.size() - 1)]).push_back('\0');
    }
    parts.push_back(std::move(part));
  }
  const std::string mine_packed = comm.scatter(parts);
  std::vector<std::string> paths;
  for (std::size_t at = 0; at < mine_packed.size(); at += paths.back().size() + 1) {
    paths.emplace_back(mine_packed.c_str() + at);
  }
  return paths;
}

/// Seconds that all threads take for one block each, the second time.
double seconds_of_round(Workers& workers, const std::vector<std::string>& paths, int batch, int threads) {
  double seconds = 0;
  for (int round = 0; round < 2; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int t = 0; t < threads; ++t) {
      const auto begin = paths.begin() + std::ptrdiff_t{t} * batch;
      workers.submit({.index = t, .first_row = 0, .paths = {begin, begin + batch}});
    }
    while (workers.in_flight() > 0) static_cast<void>(workers.take(1.0));
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return seconds;
}

/// Collective.
Measured measure(const Context& context, const ExtractOptions& options, const Manifest& manifest, int threads) {
  const Communicator& comm = context.comm;
  Measured result;
  std::string root = manifest.root;
  comm.broadcast(root);
  const auto paths = sample_paths(comm, manifest, options.batch, threads);
  Weights weights;
  std::unique_ptr<Network> network;
  DeviceChoice where;
  try {
    where = agree_device(comm, options.device);
    comm.all_do([&] {
      weights = read_weights(find_weights(options.weights));
      set_profile(weights, options.profile);
    });
    const Precision precision = agree_precision(comm, options.precision, where, !weights.torchscript.empty());
    comm.all_do([&] { network = open_network(weights, network_options(precision, options.batch, where)); });
  } catch (const Error& error) {
    result.missing = error.what();
    return result;
  }
  const DecodeOptions decode = decode_options(options, weights.traits.profile);
  Workers workers(
      *network,
      {.read = [entries = EntryReader(root, largest_file(decode))](auto path) { return entries.read(path); },
       .decode = decode,
       .profile = weights.traits.profile,
       .batch = options.batch},
      threads_on(threads, where.device));
  comm.barrier();
  const double seconds = seconds_of_round(workers, paths, options.batch, threads);
  result.images_per_second = comm.sum(static_cast<double>(paths.size()) / std::max(seconds, 1e-9));
  result.root_bytes = peak_bytes();
  result.rank_bytes = comm.max(comm.is_root() ? 0.0 : peak_bytes());
  return result;
}

void print_field(const char* name, const std::string& text) { std::printf("%-13s %s\n", name, text.c_str()); }

double file_bytes(const Manifest& manifest, int batch) {
  std::size_t longest = 1;
  for (std::int64_t row = 0; row < manifest.size(); ++row) longest = std::max(longest, manifest.paths[row].size());
  const double row_bytes = feature_dim * 4 + 4 + 32 + 1 + static_cast<double>(longest);
  return static_cast<double>(manifest.size()) * row_bytes +
         static_cast<double>(block_count(manifest.size(), batch)) * 8 + 8192;
}

void print_shards(const std::vector<ShardCount>& shards) {
  constexpr std::size_t most = 20;
  for (std::size_t i = 0; i < std::min(most, shards.size()); ++i) {
    print_field(i == 0 ? "shards" : "", shards[i].path + ": " + std::to_string(shards[i].images) + " images, " +
                                            bytes_text(static_cast<double>(shards[i].bytes)));
  }
  if (shards.size() > most) print_field("", "and " + std::to_string(shards.size() - most) + " more");
}

void print_classes(const Manifest& manifest) {
  std::vector<std::int64_t> counts(manifest.classes.size() + 1, 0);  // in front: no label
  for (const std::int32_t label : manifest.labels) ++counts[static_cast<std::size_t>(label + 1)];
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (k == 0 && counts[0] == 0) continue;
    std::printf("%10lld  %s\n", static_cast<long long>(counts[k]),
                k == 0 ? "(no label)" : one_line(manifest.classes[k - 1]).c_str());
  }
}

void print_plan(const Manifest& manifest, int batch, int ranks, int threads) {
  double bytes = 0;
  std::int64_t unknown = 0;
  for (const std::int64_t size : manifest.bytes) {
    bytes += static_cast<double>(std::max<std::int64_t>(size, 0));
    if (size < 0) ++unknown;
  }
  const std::int64_t blocks = block_count(manifest.size(), batch);
  print_field("images", std::to_string(manifest.size()) + " (" + bytes_text(bytes) + ")");
  if (unknown > 0) print_field("missing", std::to_string(unknown) + " images can't be looked at");
  print_field("classes", std::to_string(manifest.classes.size()));
  print_field("feature file", bytes_text(file_bytes(manifest, batch)));
  print_field("blocks", std::to_string(blocks) + " of " + std::to_string(batch) + " rows, handed out to " +
                            std::to_string(ranks) + " ranks of " + std::to_string(threads) + " threads, about " +
                            std::to_string((blocks + ranks - 1) / ranks) + " a rank");
  print_shards(manifest.shards);
}

void print_measured(const Measured& m, std::int64_t images) {
  if (m.images_per_second <= 0) {
    print_field("time, memory", "not measured: " + m.missing);
    return;
  }
  print_field("time", "about " + clock_text(static_cast<double>(images) / m.images_per_second) + " at " +
                          fixed(m.images_per_second, 1) + " images/s, measured on a sample");
  const std::string others =
      m.rank_bytes > 0 ? " on the first rank, " + bytes_text(m.rank_bytes) + " on any other" : "";
  print_field("memory", bytes_text(m.root_bytes) + others + ", measured on a sample");
}

}  // namespace

void dry_run(const Context& context, const ExtractOptions& options, const Manifest& manifest, int threads) {
  const Measured measured = measure(context, options, manifest, threads);
  if (!context.comm.is_root()) return;
  print_plan(manifest, options.batch, context.comm.size(), threads);
  print_measured(measured, manifest.size());
  print_classes(manifest);
}

}  // namespace pool3::jobs
