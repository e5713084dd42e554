#include "commands/extract/dry_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>

#include "commands/extract/resume.hpp"
#include "console/output.hpp"
#include "pool3/partition.hpp"
#include "setup/find_weights.hpp"

namespace pool3::jobs {
namespace {

/// The network, or why there is none.
struct Found {
  Weights weights;
  std::optional<ExtractorSetup> setup;
  std::string missing;
};

/// Collective.
Found find_network(const Context& context, const ExtractOptions& options) {
  Found found;
  try {
    context.comm.all_do([&] { found.weights = read_weights(find_weights(options.network.weights)); });
    ExtractorOptions wanted = extractor_options(options.network, options.decoding);
    wanted.preferred = earlier_precision(context, options);
    found.setup = agree_setup(context.comm, found.weights, wanted);
  } catch (const Error& error) {
    found.missing = error.what();
    context.log.line("extract", "time and memory can't be measured: " + found.missing);
  }
  return found;
}

/// What was measured on a sample.
struct Measured {
  double images_per_second = 0;           ///< of all ranks; 0: nothing was measured
  double root_bytes = 0, rank_bytes = 0;  ///< peak memory of the root, and of any other rank
  std::int64_t width = inception_width;   ///< features of a row
  std::string missing;                    ///< why nothing was measured
};

/// Peak memory of this process so far.
double peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

/// `count` paths for each rank, of rows spread evenly over `rows`; none if there are no rows. Collective.
std::vector<std::string> sample_paths(const Communicator& comm, const Manifest& manifest, RowRange rows,
                                      std::int64_t count) {
  std::vector<std::string> parts;
  for (std::int64_t rank = 0; comm.is_root() && rank < comm.size(); ++rank) {
    std::string part;
    for (std::int64_t i = 0; rows.size() > 0 && i < count; ++i) {
      const Row row = rows.begin + even_share(rows.size(), count * comm.size(), i * comm.size() + rank).begin;
      part.append(manifest.paths[std::min(row, rows.end - 1)]).push_back('\0');
    }
    parts.push_back(std::move(part));
  }
  const std::string mine_packed = comm.scatter(parts);
  std::vector<std::string> paths;
  for (std::size_t at = 0; at < mine_packed.size(); at += paths.back().size() + 1)
    paths.emplace_back(mine_packed.c_str() + at);
  return paths;
}

/// Seconds that all threads take for one block each, when they do it for the second time.
double seconds_of_round(Extraction& extraction, const std::vector<std::string>& paths, int block_rows) {
  double seconds = 0;
  for (int round = 0; round < 2; ++round) {
    const auto start = std::chrono::steady_clock::now();
    extract_list(extraction, paths, block_rows, [](const BlockResult&) {});
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return seconds;
}

/// Collective.
Measured measure(const Communicator& comm, const Found& found, const Manifest& manifest, RowRange rows) {
  if (!found.setup) return {.missing = found.missing};
  const ExtractorSetup& setup = *found.setup;
  std::string root = manifest.root;
  comm.broadcast(root);
  const auto paths = sample_paths(comm, manifest, rows, std::int64_t{setup.batch} * setup.threads);
  if (paths.empty()) return {.missing = "there are no images"};
  std::optional<Extractor> extractor;
  try {
    comm.all_do([&] { extractor.emplace(found.weights, setup); });
  } catch (const Error& error) {
    return {.missing = error.what()};
  }
  const EntryReader entries(root, entry_limits(setup.recipe.decoding()));
  Extraction extraction = extractor->start({.read = [&](auto path) { return entries.read(path); }});
  comm.barrier();
  const double seconds = seconds_of_round(extraction, paths, setup.batch);
  return {.images_per_second = comm.sum(static_cast<double>(paths.size()) / std::max(seconds, 1e-9)),
          .root_bytes = peak_bytes(),
          .rank_bytes = comm.max(comm.is_root() ? 0.0 : peak_bytes()),
          .width = extractor->width(),
          .missing = {}};
}

void print_field(const char* name, const std::string& text) { print_line(fmt::format("{:<13} {}", name, text)); }

void print_shards(const std::vector<ShardCount>& shards) {
  constexpr std::size_t most = 20;
  for (std::size_t i = 0; i < std::min(most, shards.size()); ++i) {
    print_field(i == 0 ? "shards" : "", fmt::format("{}: {} images, {}", shards[i].path, shards[i].images,
                                                    bytes_text(static_cast<double>(shards[i].bytes))));
  }
  if (shards.size() > most) print_field("", fmt::format("and {} more", shards.size() - most));
}

void print_classes(const Manifest& manifest, RowRange rows) {
  std::vector<std::int64_t> counts(manifest.classes.size() + 1, 0);  // the first one: no label
  for (Row row = rows.begin; row < rows.end; ++row)
    ++counts[static_cast<std::size_t>(std::int64_t{manifest.labels[static_cast<std::size_t>(row)]} + 1)];
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (k == 0 && counts[0] == 0) continue;
    const std::string name = k == 0 ? "(no label)" : manifest.classes[k - 1];
    print_line(fmt::format("{:>10}  {}", counts[k], name));
  }
}

void print_images(const Manifest& manifest, RowRange rows, const FileShape& shape) {
  double bytes = 0;
  std::int64_t unknown = 0;
  for (Row row = rows.begin; row < rows.end; ++row) {
    const std::int64_t size = manifest.bytes[static_cast<std::size_t>(row)];
    bytes += static_cast<double>(std::max<std::int64_t>(size, 0));
    if (size < 0) ++unknown;
  }
  if (shape.parts > 1)
    print_field("part", fmt::format("{} of {}, of {} images", shape.part, shape.parts, manifest.size()));
  print_field("images", fmt::format("{} ({})", rows.size(), bytes_text(bytes)));
  if (unknown > 0) print_field("missing", fmt::format("{} images can't be looked at", unknown));
  print_field("classes", fmt::format("{}", manifest.classes.size()));
}

void print_blocks(std::int64_t rows, int block_rows, int ranks, int threads) {
  const std::int64_t blocks = block_count(rows, block_rows);
  print_field("blocks", fmt::format("{} of {} rows, handed out to {} ranks of {} threads, about {} a rank", blocks,
                                    block_rows, ranks, threads, (blocks + ranks - 1) / ranks));
}

void print_measured(const Measured& m, std::int64_t images) {
  if (m.images_per_second <= 0) {
    print_field("time, memory", "not measured: " + m.missing);
    return;
  }
  print_field("time", fmt::format("about {} at {:.1f} images/s, measured on a sample",
                                  clock_text(static_cast<double>(images) / m.images_per_second), m.images_per_second));
  const std::string others =
      m.rank_bytes > 0 ? fmt::format(" on the first rank, {} on any other", bytes_text(m.rank_bytes)) : "";
  print_field("memory", fmt::format("{}{}, measured on a sample", bytes_text(m.root_bytes), others));
}

void print_out(const Context& context, const ExtractOptions& options, const Found& found, const Manifest& manifest,
               RowRange rows) {
  Provenance wanted = known_provenance(context, options);
  wanted.catalogue_hash = manifest.hash;
  if (found.setup) {
    wanted.weights_sha256 = found.weights.sha256;
    wanted.profile = to_string(found.setup->recipe.preprocessing());
    wanted.precision = to_string(found.setup->recipe.precision);
  }
  const Earlier earlier = look_at_out(options.file.out, wanted, shape_of(options.file), rows.size());
  if (earlier.state == Earlier::State::nothing) return;
  const bool finished = earlier.state == Earlier::State::finished;
  if (const auto error = refusal(earlier, options)) return print_field("refused", error->what());
  if (earlier.difference.empty()) return print_field("out", finished ? "is done already" : "is begun, and resumed");
  print_field("out", fmt::format("is of another job, and replaced: {}", earlier.difference));
}

}  // namespace

double planned_bytes(const Manifest& manifest, RowRange rows, const FileLayout& layout) {
  std::size_t longest = 1;
  for (Row row = rows.begin; row < rows.end; ++row) longest = std::max(longest, manifest.paths[row].size());
  constexpr double label_bytes = 4, key_bytes = 32, status_bytes = 1, checksum_bytes = 8, header_bytes = 8192;
  const double row_bytes = static_cast<double>(layout.width * element_bytes(layout.type)) + label_bytes + key_bytes +
                           status_bytes + static_cast<double>(longest);
  return static_cast<double>(rows.size()) * row_bytes +
         static_cast<double>(block_count(rows.size(), layout.block_rows)) * checksum_bytes + header_bytes;
}

void dry_run(const Context& context, const ExtractOptions& options) {
  context.comm.root_does([&] {
    if (const std::string& from = options.policy.update_from; !from.empty()) static_cast<void>(FeatureReader(from));
  });
  const int batch = options.network.batch;
  const Found found = find_network(context, options);
  const int threads = thread_count(context.comm, options.network.threads);
  const Manifest manifest = list_corpus(context.comm, corpus_options(options.catalogue));
  for (const std::string& text : manifest.notes) context.log.line("extract", text);
  const FileShape shape = shape_of(options.file);
  const RowRange rows = rows_of_part(manifest.size(), batch, shape);
  const Measured measured = measure(context.comm, found, manifest, rows);
  if (!context.comm.is_root()) return;
  print_images(manifest, rows, shape);
  print_field("feature file", bytes_text(planned_bytes(manifest, rows, {measured.width, batch, shape.type})));
  print_blocks(rows.size(), batch, context.comm.size(), threads);
  print_shards(manifest.shards);
  print_measured(measured, rows.size());
  print_out(context, options, found, manifest, rows);
  print_classes(manifest, rows);
}

}  // namespace pool3::jobs
