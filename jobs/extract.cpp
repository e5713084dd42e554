#include "extract.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "dry_run.hpp"
#include "extract_report.hpp"
#include "network_choice.hpp"
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

int threads_of(const Communicator& comm, const ExtractOptions& options) {
  return options.threads > 0 ? options.threads : default_threads(comm);
}

void check(const ExtractOptions& o) {
  check_choice(o.device, o.precision, o.profile);
  if (o.batch < 1 || o.batch > 1024) throw usage_error("--batch must be between 1 and 1024");
  if (o.threads < 0) throw usage_error("--threads must be 0 or more");
  if (o.max_pixels < 1) throw usage_error("--max-pixels must be above 0");
  static_cast<void>(failure_limit(o.max_failures, 0));
}

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
      if (context_.comm.is_root()) check_failures(pool_.tally()[1], limit, failures);
    }
    tally.wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.finish(pool_.tally()[0], note());
  }

  RankTally tally;
  std::vector<Failure> failures;
  std::int64_t limit = -1;  ///< failed pictures that end the job are more than these; -1: none do

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

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

ExitCode outcome(const Context& context, std::int64_t failed, const std::string& out, std::int64_t rows) {
  context.log.line("extract", out + ": " + std::to_string(rows) + " rows, " + std::to_string(failed) + " failed");
  return failed > 0 ? ExitCode::some_failed : ExitCode::ok;
}

/// Computes every block of the file, finishes it, and says how it went. Collective.
ExitCode embed_all(const Context& context, const ExtractOptions& options, const Weights& weights,
                   const Network& network, FeatureWriter& writer) {
  const int threads = threads_of(context.comm, options);
  const std::int64_t rows = writer.rows();
  context.log.line("extract", std::to_string(rows) + " images, " + std::to_string(context.comm.size()) + " ranks of " +
                                  std::to_string(threads) + " threads, weights " + weights.source);
  Workers workers(network,
                  {.entries = EntryReader(writer.root()),
                   .decode = {.max_pixels = options.max_pixels,
                              .apply_orientation = !options.ignore_orientation,
                              .shortest_side = options.fast_decode ? resized_side(weights.traits.profile) : 0},
                   .profile = weights.traits.profile,
                   .seen = std::make_shared<SeenPictures>()},
                  threads);
  ExtractLoop loop(context, writer, workers, threads);
  loop.limit = failure_limit(options.max_failures, rows);
  loop.run();
  writer.finish(context.comm, loop.failures);
  print_summary(context, loop.tally, threads);
  std::vector<Failure> failures;
  context.comm.root_does([&] {
    const FeatureReader reader(options.out);
    failures = reader.failures();
    write_failures(options.out + ".failures.tsv", failures);
    print_copies(context.log, reader);
  });
  print_failures(context.log, failures);
  const auto failed = context.comm.sum(static_cast<std::int64_t>(failures.size()));  // the root's alone are there
  return outcome(context, failed, options.out, rows);
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

/// Failed rows of `path` if it is a finished file of this very job, otherwise -1. Collective.
std::int64_t failures_if_done(const Communicator& comm, const std::string& path, const Provenance& wanted) {
  double failed = -1;
  comm.root_does([&] {
    if (is_already_done(path, wanted)) failed = static_cast<double>(FeatureReader(path).failures().size());
  });
  return static_cast<std::int64_t>(comm.max(failed));
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
  p.add_list("corpus", o.corpus,
             "folders of pictures, CSV or TSV manifests (path[,label]), text lists, tar shards (a-{000..127}.tar)");
  p.add("labels", o.labels, "directory, filename, regex:PATTERN, column or none", std::string("directory"));
  p.add("classes", o.classes, "text file: these classes, in this order; other pictures are left out", std::string());
  p.add("min-per-class", o.min_per_class, "classes with fewer pictures are left out", std::int64_t{0});
  p.add("limit-per-class", o.limit_per_class, "at most so many pictures of a class, evenly chosen; 0: all",
        std::int64_t{0});
  p.add("weights", o.weights, "weights file; default: weights/inception_v3.safetensors", std::string());
  p.add("profile", o.profile, "nsfwjs, tf2015, keras or torchvision; default: the weights' own", std::string());
  declare_device(p, o.device);
  p.add("precision", o.precision,
        "auto, fp32, bf16 or (GPUs) fp16; auto: fp16 on GPUs, bf16 where every CPU has AMX, else fp32",
        std::string("auto"));
  p.add("batch", o.batch, "images of one network call, and rows of one block of the file", 16);
  p.add("threads", o.threads, "threads per rank; 0: its share of the cores", 0, false);
  p.add("max-pixels", o.max_pixels, "larger pictures become failures", DecodeOptions{}.max_pixels);
  p.add("max-failures", o.max_failures,
        "end the job when more pictures fail: a number, or a share as in 5%; default: never", std::string(), false);
  p.add_switch("ignore-orientation", o.ignore_orientation, "don't turn pictures as their EXIF orientation says");
  p.add_switch("fast-decode", o.fast_decode, "decode large JPEGs at 1/2, 1/4 or 1/8 of their size");
  p.add_switch("dry-run", o.dry_run, "only say what would be done, and how long it would take", false);
}

ExitCode extract(const Context& context, const ExtractOptions& options) {
  const Communicator& comm = context.comm;
  comm.all_do([&] { check(options); });
  Manifest manifest;  // the root's alone; other ranks read paths from the feature file
  LabelRule rule;
  comm.all_do([&] { rule = parse_label_rule(options.labels); });
  manifest = list_corpus(comm, {.corpus = options.corpus,
                                .labels = rule,
                                .classes = options.classes,
                                .min_per_class = options.min_per_class,
                                .limit_per_class = options.limit_per_class});
  for (const std::string& text : manifest.notes) context.log.line("extract", text);
  if (options.dry_run) {
    dry_run(context, options, manifest, threads_of(comm, options));
    return ExitCode::ok;
  }
  const DeviceChoice where = agree_device(comm, options.device);
  Weights weights;
  comm.all_do([&] {
    weights = read_weights(find_weights(options.weights));
    set_profile(weights, options.profile);
  });
  const Precision precision = agree_precision(comm, options.precision, where, !weights.torchscript.empty());
  const Provenance provenance{
      .version = version,
      .weights_sha256 = weights.sha256,
      .weights_source = weights.source,
      .profile = to_string(InputName{std::string(to_string(weights.traits.profile)), options.fast_decode}),
      .precision = std::string(to_string(precision)),
      .catalogue_hash = manifest.hash,
      .corpus = joined(options.corpus),
      .labels = options.labels,
      .config = context.config};
  if (const std::int64_t failed = failures_if_done(comm, options.out, provenance); failed >= 0) {
    context.log.line("extract", "already done, nothing to do");
    return outcome(context, failed, options.out, manifest.size());
  }
  std::unique_ptr<Network> network;
  comm.all_do([&] { network = open_network(weights, network_options(precision, options.batch, where)); });
  context.log.line("extract",
                   "network: " + std::string(to_string(precision)) + " on " + std::string(to_string(where.device)));
  FeatureWriter writer = FeatureWriter::create(comm, options.out,
                                               {.rows = manifest.size(),
                                                .block_rows = options.batch,
                                                .root = manifest.root,
                                                .classes = manifest.classes,
                                                .labels = manifest.labels,
                                                .path = [&](Row row) { return manifest.paths[row]; },
                                                .provenance = provenance});
  return embed_all(context, options, weights, *network, writer);
}

std::unique_ptr<Job> make_extract() { return std::make_unique<ExtractJob>(); }

}  // namespace pool3::jobs
