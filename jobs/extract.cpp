#include "extract.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "pool3/corpus.hpp"
#include "version.hpp"
#include "weights_path.hpp"
#include "workers.hpp"

namespace pool3::jobs {
namespace {

/// This rank's share of the cores that its node lets the job use. Collective.
int default_threads(const Communicator& comm) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  const int mine = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
  const Communicator node = comm.split_by_node();
  // Bound ranks each see their own cores; unbound ranks all see the same ones and share them.
  const bool unbound =
      node.max(static_cast<double>(mine)) * node.size() > static_cast<double>(std::thread::hardware_concurrency());
  return std::max(1, unbound ? mine / node.size() : mine);
}

/// bf16 only if every rank's CPU is good at it: one file holds one kind of rows. Collective.
Precision agree_precision(const Communicator& comm, const std::string& wanted) {
  if (wanted == "fp32") return Precision::fp32;
  if (wanted == "bf16") return Precision::bf16;
  return comm.all(cpu_has_bf16()) ? Precision::bf16 : Precision::fp32;
}

void check(const ExtractOptions& o) {
  if (o.precision != "auto" && o.precision != "fp32" && o.precision != "bf16")
    throw usage_error("--precision must be auto, fp32 or bf16");
  if (o.batch < 1 || o.batch > 1024) throw usage_error("--batch must be between 1 and 1024");
  if (o.threads < 0) throw usage_error("--threads must be 0 or more");
  if (o.max_pixels < 1) throw usage_error("--max-pixels must be above 0");
}

void print_dry_run(const Manifest& manifest, int ranks, int batch) {
  std::map<std::int32_t, std::int64_t> counts;
  double bytes = 0;
  for (std::int64_t i = 0; i < manifest.size(); ++i) {
    ++counts[manifest.labels[static_cast<std::size_t>(i)]];
    bytes += static_cast<double>(std::max<std::int64_t>(manifest.bytes[static_cast<std::size_t>(i)], 0));
  }
  const auto rows = static_cast<double>(manifest.size());
  std::printf(
      "images        %lld (%s)\nclasses       %zu\nfeature file  %s\nblocks        %lld of %d rows, handed out to %d "
      "ranks\n",
      static_cast<long long>(manifest.size()), bytes_text(bytes).c_str(), manifest.classes.size(),
      bytes_text(rows * (feature_dim * 4 + 128)).c_str(), static_cast<long long>((manifest.size() + batch - 1) / batch),
      batch, ranks);
  for (const auto& [label, count] : counts)
    std::printf("%10lld  %s\n", static_cast<long long>(count),
                label < 0 ? "(no label)" : manifest.classes[static_cast<std::size_t>(label)].c_str());
}

/// What one rank did.
struct RankTally {
  std::int64_t images = 0, failed = 0;
  StageSeconds seconds;
  double write = 0, wall = 0;
};

/// Works off the blocks of the file with the other ranks. Collective.
class ExtractLoop {
 public:
  ExtractLoop(const Context& context, FeatureWriter& writer, Workers& workers, int threads)
      : context_(context),
        writer_(writer),
        workers_(workers),
        most_in_flight_(threads + 1),
        pool_(context.comm, writer.blocks()) {}

  void run() {
    const auto start = std::chrono::steady_clock::now();
    Progress progress(context_.log, "extract", "images", writer_.rows());
    while (!pool_.finished()) {
      pool_.poll();
      if (const auto task = pool_.take()) accept(*task);
      if (!asking_ && !none_left_ && workers_.in_flight() < most_in_flight_) ask();
      if (none_left_ && !left_ && workers_.in_flight() == 0) leave();
      if (auto block = workers_.take(wait_seconds)) write(*block);
      progress.update(pool_.tally()[0], note());
    }
    tally.wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.finish(pool_.tally()[0], note());
  }

  RankTally tally;
  std::vector<Failure> failures;

 private:
  static constexpr double wait_seconds = 0.002;

  void accept(std::int64_t task) {
    asking_ = false;
    if (task < 0) {
      none_left_ = true;
      return;
    }
    const RowRange rows = writer_.block(task);
    workers_.submit({task, rows.begin, writer_.paths(rows)});
  }
  void ask() {
    pool_.ask(std::exchange(news_, {}));
    asking_ = true;
  }
  void leave() {
    pool_.leave(std::exchange(news_, {}));
    left_ = true;
  }
  void write(const BlockResult& block) {
    const auto start = std::chrono::steady_clock::now();
    writer_.write_block(block.index, block.features, block.keys, block.status);
    tally.write += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    tally.images += static_cast<std::int64_t>(block.status.size());
    tally.failed += static_cast<std::int64_t>(block.failures.size());
    tally.seconds.add(block.seconds);
    failures.insert(failures.end(), block.failures.begin(), block.failures.end());
    news_[0] += static_cast<std::int64_t>(block.status.size());
    news_[1] += static_cast<std::int64_t>(block.failures.size());
  }
  [[nodiscard]] std::string note() const {
    return pool_.tally()[1] == 0 ? "" : std::to_string(pool_.tally()[1]) + " failed";
  }

  const Context& context_;
  FeatureWriter& writer_;
  Workers& workers_;
  int most_in_flight_;
  TaskPool pool_;
  TaskPool::Note news_{};
  bool asking_ = false, none_left_ = false, left_ = false;
};

/// A line a rank: where the time went. Collective.
void print_summary(const Context& context, const RankTally& tally, int threads) {
  nlohmann::json mine = {tally.images,         tally.failed,          tally.seconds.read, tally.seconds.decode,
                         tally.seconds.resize, tally.seconds.network, tally.write,        tally.wall};
  const auto all = context.comm.gather(mine.dump());
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const auto v = nlohmann::json::parse(all[rank]).get<std::vector<double>>();
    const double wall = std::max(v[7], 1e-9);
    const auto part = [&](double s) { return fixed(100.0 * s / (wall * threads), 1) + "%"; };
    context.log.line("extract",
                     "rank " + std::to_string(rank) + ": " + fixed(v[0], 0) + " images, " + fixed(v[0] / wall, 1) +
                         "/s; read " + part(v[2]) + ", decode " + part(v[3]) + ", resize " + part(v[4]) + ", network " +
                         part(v[5]) + " of " + std::to_string(threads) + " threads; write " + fixed(v[6], 2) + " s",
                     {{"rank", std::to_string(rank)},
                      {"images", fixed(v[0], 0)},
                      {"failed", fixed(v[1], 0)},
                      {"read_seconds", fixed(v[2], 3)},
                      {"decode_seconds", fixed(v[3], 3)},
                      {"resize_seconds", fixed(v[4], 3)},
                      {"network_seconds", fixed(v[5], 3)},
                      {"write_seconds", fixed(v[6], 3)},
                      {"wall_seconds", fixed(v[7], 3)}});
  }
}

/// The most frequent kinds of failure, with one path each.
void print_failures(Log& log, const std::vector<Failure>& failures) {
  std::map<std::string, std::pair<int, std::string>> kinds;
  for (const auto& f : failures) {
    auto& kind = kinds[std::string(to_string(f.status)) + ": " + f.message];
    if (kind.first++ == 0) kind.second = f.path;
  }
  std::vector<std::pair<std::string, std::pair<int, std::string>>> sorted(kinds.begin(), kinds.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.first > b.second.first; });
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(most, sorted.size()); ++i)
    log.line("extract", std::to_string(sorted[i].second.first) + " failed, " + sorted[i].first + ", e.g. " +
                            sorted[i].second.second);
  if (sorted.size() > most)
    log.line("extract", "and " + std::to_string(sorted.size() - most) + " other kinds; see /failures in the file");
}

/// True if `path` is a finished file of this very job. Throws Error if it is something that must not be replaced.
bool is_already_done(const std::string& path, const Provenance& wanted) {
  if (!std::filesystem::exists(path)) return false;
  if (kind_of_file(path) != "features")
    throw Error({.stage = "extract",
                 .path = path,
                 .cause = "exists and is not a feature file",
                 .advice = "give another --out"});
  const FeatureReader reader(path);
  const Provenance& have = reader.provenance();
  return have.catalogue_hash == wanted.catalogue_hash && have.labels == wanted.labels && have.config == wanted.config &&
         kind_difference(have, wanted).empty();
}

ExitCode outcome(const Context& context, std::int64_t failed, const std::string& out, std::int64_t rows) {
  context.log.line("extract", out + ": " + std::to_string(rows) + " rows, " + std::to_string(failed) + " failed");
  return failed > 0 ? ExitCode::some_failed : ExitCode::ok;
}

class ExtractJob : public Job {
 public:
  void declare(OptionParser& parser) override {
    declare_extract(parser, options_);
    parser.add_required("out", options_.out, "feature file to make", false);
  }
  ExitCode run(const Context& context) override { return extract(context, options_); }

 private:
  ExtractOptions options_;
};

}  // namespace

void declare_extract(OptionParser& p, ExtractOptions& o) {
  p.add_required("corpus", o.corpus, "folder of pictures, CSV or TSV manifest (path[,label]), or text list");
  p.add("labels", o.labels, "directory, filename, regex:PATTERN, column or none", std::string("directory"));
  p.add("weights", o.weights, "weights file; default: weights/inception_v3.safetensors", std::string());
  p.add("precision", o.precision, "auto, fp32 or bf16; auto takes bf16 where every CPU has it", std::string("auto"));
  p.add("batch", o.batch, "images of one network call, and rows of one block of the file", 16);
  p.add("threads", o.threads, "threads per rank; 0: its share of the cores", 0, false);
  p.add("max-pixels", o.max_pixels, "larger pictures become failures", DecodeOptions{}.max_pixels);
  p.add_switch("ignore-orientation", o.ignore_orientation, "don't turn pictures as their EXIF orientation says");
  p.add_switch("dry-run", o.dry_run, "only say what would be done", false);
}

ExitCode extract(const Context& context, const ExtractOptions& options) {
  const Communicator& comm = context.comm;
  comm.all_do([&] { check(options); });
  const Precision precision = agree_precision(comm, options.precision);

  Manifest manifest;
  comm.root_does([&] { manifest = list_corpus({options.corpus, parse_label_rule(options.labels)}); });
  if (options.dry_run) {
    if (comm.is_root()) print_dry_run(manifest, comm.size(), options.batch);
    return ExitCode::ok;
  }
  Weights weights;
  comm.all_do([&] { weights = read_weights(find_weights(options.weights)); });
  const Provenance provenance{.version = version,
                              .weights_sha256 = weights.sha256,
                              .weights_source = weights.source,
                              .profile = std::string(to_string(weights.traits.profile)),
                              .precision = std::string(to_string(precision)),
                              .catalogue_hash = manifest.hash,
                              .corpus = options.corpus,
                              .labels = options.labels,
                              .config = context.config};
  std::int64_t failed_before = -1;
  comm.root_does([&] {
    if (is_already_done(options.out, provenance))
      failed_before = static_cast<std::int64_t>(FeatureReader(options.out).failures().size());
  });
  failed_before = static_cast<std::int64_t>(comm.max(static_cast<double>(failed_before)));
  if (failed_before >= 0) {
    context.log.line("extract", "already done, nothing to do");
    return outcome(context, failed_before, options.out, manifest.size());
  }

  const int threads = options.threads > 0 ? options.threads : default_threads(comm);
  const FeatureSpec spec{.rows = manifest.size(),
                         .block_rows = options.batch,
                         .root = manifest.root,
                         .classes = manifest.classes,
                         .labels = manifest.labels,
                         .path = [&](Row row) { return manifest.paths[row]; },
                         .provenance = provenance};
  FeatureWriter writer = FeatureWriter::create(comm, options.out, spec);
  std::unique_ptr<Network> network;
  comm.all_do([&] { network = open_network(weights, {.precision = precision, .batch = options.batch}); });
  context.log.line("extract", std::to_string(writer.rows()) + " images, " + std::to_string(comm.size()) + " ranks of " +
                                  std::to_string(threads) + " threads, " + std::string(to_string(precision)) +
                                  ", weights " + weights.source);
  const WorkSettings settings{
      .root = writer.root(),
      .decode = {.max_pixels = options.max_pixels, .apply_orientation = !options.ignore_orientation},
      .profile = weights.traits.profile,
      .batch = options.batch};
  Workers workers(*network, settings, threads);
  ExtractLoop loop(context, writer, workers, threads);
  loop.run();
  const std::int64_t rows = writer.rows();
  writer.finish(comm, loop.failures);
  print_summary(context, loop.tally, threads);
  std::vector<Failure> failures;
  comm.root_does([&] { failures = FeatureReader(options.out).failures(); });
  print_failures(context.log, failures);
  const std::int64_t failed = comm.sum(comm.is_root() ? static_cast<std::int64_t>(failures.size()) : std::int64_t{0});
  return outcome(context, failed, options.out, rows);
}

std::unique_ptr<Job> make_extract() { return std::make_unique<ExtractJob>(); }

}  // namespace pool3::jobs
