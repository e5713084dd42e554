#include "commands/extract.hpp"

#include <algorithm>
#include <filesystem>

#include "commands/dry_run.hpp"
#include "commands/extract_loop.hpp"
#include "commands/extract_report.hpp"
#include "commands/extract_resume.hpp"
#include "console/stop_signal.hpp"
#include "pool3/corpus.hpp"
#include "pool3/maintenance.hpp"
#include "pool3/partition.hpp"
#include "setup/input_name.hpp"
#include "setup/network.hpp"
#include "setup/threads.hpp"
#include "setup/weights.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

constexpr std::int64_t stripe_step = 65536;  // of Lustre

void check(const ExtractOptions& o) {
  check_choice(o.device, o.precision, o.profile);
  if (o.batch < 1 || o.batch > 1024) throw usage_error("--batch must be between 1 and 1024");
  if (o.threads < 0) throw usage_error("--threads must be 0 or more");
  if (o.dtype != "float32" && o.dtype != "float16") throw usage_error("--dtype must be float32 or float16");
  if (o.alignment < 0 || (o.alignment & (o.alignment - 1)) != 0)
    throw usage_error("--alignment must be 0 or a power of two");
  if (o.stripe_count < 0) throw usage_error("--stripe-count must be 0 or more");
  if (o.stripe_size < 0 || o.stripe_size % stripe_step != 0)
    throw usage_error("--stripe-size must be 0 or a multiple of " + std::to_string(stripe_step));
  if (o.retry_failed && !o.update_from.empty())
    throw usage_error("--retry-failed and --update-from exclude each other");
  static_cast<void>(parse_part(o.part));
  if (o.max_pixels < 1) throw usage_error("--max-pixels must be above 0");
  static_cast<void>(failure_limit(o.max_failures, 0));
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : in_short(words)) text += (text.empty() ? "" : " ") + word;
  return text;
}

ExitCode outcome(const Context& context, std::int64_t failed, const std::string& out, std::int64_t rows) {
  context.log.line("extract", out + ": " + std::to_string(rows) + " rows, " + std::to_string(failed) + " failed");
  return failed > 0 ? ExitCode::some_failed : ExitCode::ok;
}

/// Ends the job so that the same command goes on. Collective.
[[noreturn]] void leave_early(const Context& context, const ExtractLoop& loop, std::int64_t rows) {
  context.log.line("extract", "stopped by a signal: " + std::to_string(loop.images_done()) + " of " +
                                  std::to_string(rows) + " images are done; the same command goes on");
  if (context.comm.is_root() && context.log.metrics() != nullptr)
    context.log.metrics()->end(static_cast<int>(ExitCode::resumable));
  context.comm.barrier();
  exit_all(ExitCode::resumable);  // threads may still be busy with a batch
}

/// What --retry-failed or --update-from has saved. Collective.
void print_copied(const Context& context, const ExtractOptions& options, const RankTally& tally) {
  const std::int64_t copied = context.comm.sum(tally.copied);
  const std::int64_t extracted = context.comm.sum(tally.images) - copied;
  std::string counts = std::to_string(copied) + " rows copied, " + std::to_string(extracted) + " tried";
  // In place, the old file is gone by now; a part has but some of its rows.
  if (!options.retry_failed && options.part.empty() && options.update_from != options.out) {
    const DiffReport diff = diff_features(context.comm, options.update_from, options.out, false);
    counts += "; since " + options.update_from + ": " + std::to_string(diff.added) + " added, " +
              std::to_string(diff.changed) + " changed, " + std::to_string(diff.removed) + " removed";
  }
  context.log.line("extract", counts);
}

/// Computes every block of the file, finishes it, and says how it went. Collective.
ExitCode embed_all(const Context& context, const ExtractOptions& options, const Weights& weights,
                   const Network& network, Device device, const OldRows* old, FeatureWriter& writer) {
  const int threads = thread_count(context.comm, options.threads);
  const std::int64_t rows = writer.rows();
  context.log.line("extract", std::to_string(rows) + " images, " + std::to_string(context.comm.size()) + " ranks of " +
                                  std::to_string(threads) + " threads, weights " + weights.source);
  const DecodeOptions decode = decode_options(options, weights.traits.profile);
  Workers workers(
      network,
      {.read = [entries = EntryReader(writer.root(), largest_file(decode))](auto path) { return entries.read(path); },
       .decode = decode,
       .profile = weights.traits.profile,
       .batch = options.batch,
       .seen = std::make_shared<SeenPictures>(),
       .old = old,
       .largest = options.dtype == "float16" ? largest_of_half : largest_of_float,
       .write =
           [&writer](const BlockResult& b) { writer.write_block(b.index, b.features, b.keys, b.status, b.failures); }},
      threads_on(threads, device));
  ExtractLoop loop(context, writer, workers);
  loop.limit = failure_limit(options.max_failures, rows);
  if (loop.images_done() > 0)
    context.log.line("extract", "going on: " + std::to_string(loop.images_done()) + " of them are done");
  {
    const StopSignal::Deferred stop_signal;
    loop.run(stop_signal);
    if (loop.was_stopped()) leave_early(context, loop, rows);
  }
  writer.finish(context.comm);
  print_summary(context, loop.tally, threads);
  if (old != nullptr) print_copied(context, options, loop.tally);
  std::vector<Failure> failures;
  context.comm.root_does([&] {
    const FeatureReader reader(options.out);
    failures = reader.failures();
    write_failures(options.out + ".failures.tsv", failures);
  });
  print_copies(context, options.out);
  print_failures(context.log, failures);
  const auto failed = context.comm.sum(static_cast<std::int64_t>(failures.size()));  // the root's alone are there
  return outcome(context, failed, options.out, rows);
}

FileShape shape_of(const ExtractOptions& o) {
  FileShape shape = parse_part(o.part);
  shape.type = o.dtype == "float16" ? FeatureType::float16 : FeatureType::float32;
  return shape;
}

/// Whole blocks of the catalogue.
RowRange rows_of_part(std::int64_t rows, std::int64_t batch, const FileShape& shape) {
  const RowRange blocks = even_share(block_count(rows, batch), shape.parts, shape.part - 1);
  return {std::min(rows, blocks.begin * batch), std::min(rows, blocks.end * batch)};
}

FeatureSpec spec_of(const ExtractOptions& options, const Manifest& manifest, RowRange rows,
                    const Provenance& provenance) {
  const FileShape shape = shape_of(options);
  return {.rows = rows.size(),
          .width = feature_dim,
          .block_rows = options.batch,
          .root = manifest.root,
          .classes = manifest.classes,
          .labels = std::span(manifest.labels)
                        .subspan(static_cast<std::size_t>(rows.begin), static_cast<std::size_t>(rows.size())),
          .path = [&manifest, rows](Row row) { return manifest.paths[rows.begin + row]; },
          .provenance = provenance,
          .type = shape.type,
          .alignment = options.alignment,
          .stripes = {options.stripe_count, options.stripe_size},
          .part = shape.part,
          .parts = shape.parts,
          .durable = options.durable,
          .difference = [provenance](const Provenance& there) { return extract_difference(provenance, there); }};
}

/// Rows that --retry-failed or --update-from take over; null if there are none. Collective.
std::unique_ptr<OldRows> open_old_rows(const Context& context, const ExtractOptions& options,
                                       const Provenance& provenance, const Manifest& manifest, RowRange rows) {
  const Communicator& comm = context.comm;
  const FeatureType type = shape_of(options).type;
  std::string difference;
  std::string found = "no";
  comm.root_does([&] {
    if (options.retry_failed && std::filesystem::exists(options.out)) {
      check_retry(options.out, provenance, type, rows.size(),
                  [&](Row row) { return manifest.paths[rows.begin + row]; });
      found = "retry";
    } else if (!options.update_from.empty()) {
      difference = rows_difference(provenance, type, FeatureReader(options.update_from));
      found = difference.empty() ? "update" : "no";
    }
  });
  if (!difference.empty())
    context.log.line("extract", "no row of " + options.update_from + " can be taken: " + difference);
  comm.broadcast(found);
  std::unique_ptr<OldRows> old;
  comm.all_do([&] {
    if (found == "retry") old = std::make_unique<OldRows>(options.out, OldRows::Match::by_row);
    if (found == "update") old = std::make_unique<OldRows>(options.update_from, OldRows::Match::by_content);
  });
  return old;
}

class ExtractJob : public Job {
 public:
  void declare(OptionParser& parser) override {
    declare_extract(parser, options_);
    parser.add_required("out", options_.out, "feature file to make", false);
    parser.add("part", options_.part, "make one part of the catalogue, e.g. 2/8; pool3 link joins the parts",
               std::string(), false);
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
  p.add(
      "precision", o.precision,
      "auto, fp32, bf16, (GPUs) fp16 or (CPUs with AMX, calibrated weights) int8; auto: fp16 on GPUs, bf16 where every "
      "CPU has AMX, else fp32",
      std::string("auto"));
  p.add("batch", o.batch, "images of one network call, and rows of one block of the file", 16);
  p.add("threads", o.threads, "threads per rank; 0: its share of the cores", 0, false);
  p.add("max-pixels", o.max_pixels, "larger pictures become failures", DecodeOptions{}.max_pixels);
  p.add("max-failures", o.max_failures,
        "end the job when more pictures fail: a number, or a share as in 5%; default: never", std::string(), false);
  p.add_switch("ignore-orientation", o.ignore_orientation, "don't turn pictures as their EXIF orientation says");
  p.add_switch("fast-decode", o.fast_decode, "decode large JPEGs at 1/2, 1/4 or 1/8 of their size");
  p.add("dtype", o.dtype, "float32, or float16: half the space, three digits", std::string("float32"));
  p.add("alignment", o.alignment,
        "large tables start at multiples of so many bytes: a page, or the stripe of the file system; 0: anywhere",
        std::int64_t{4096}, false);
  p.add("stripe-count", o.stripe_count,
        "hint for a parallel file system: spread the file over so many servers; 0: as its folder says", std::int64_t{0},
        false);
  p.add("stripe-size", o.stripe_size, "hint for a parallel file system: bytes of a stripe; 0: as its folder says",
        std::int64_t{0}, false);
  p.add("update-from", o.update_from, "feature file whose rows are copied where the picture has not changed",
        std::string(), false);
  p.add_switch("retry-failed", o.retry_failed, "try the failed rows of --out again, and only those", false);
  p.add_switch("durable", o.durable, "what is done survives a loss of power too: sync after every batch", false);
  p.add_switch("dry-run", o.dry_run, "only say what would be done, and how long it would take", false);
}

DecodeOptions decode_options(const ExtractOptions& options, InputProfile profile) {
  return {.max_pixels = options.max_pixels,
          .apply_orientation = !options.ignore_orientation,
          .shortest_side = options.fast_decode ? resized_side(profile) : 0};
}

ExitCode extract(const Context& context, const ExtractOptions& options) {
  const Communicator& comm = context.comm;
  comm.all_do([&] { check(options); });
  const StopSignal signal(context.log);
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
    dry_run(context, options, manifest, thread_count(comm, options.threads));
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
  const FileShape shape = shape_of(options);
  const std::int64_t failed = failures_if_done(comm, options.out, provenance, shape);
  const RowRange rows = rows_of_part(manifest.size(), options.batch, shape);
  if (failed == 0 || (failed > 0 && !options.retry_failed)) {
    context.log.line("extract", "already done, nothing to do");
    comm.root_does([&] { complete_files_beside(options.out); });
    return outcome(context, failed, options.out, rows.size());
  }
  const std::unique_ptr<OldRows> old = open_old_rows(context, options, provenance, manifest, rows);
  std::unique_ptr<Network> network;
  comm.all_do([&] { network = open_network(weights, network_options(precision, options.batch, where)); });
  context.log.line("extract",
                   "network: " + std::string(to_string(precision)) + " on " + std::string(to_string(where.device)));
  FeatureWriter writer = FeatureWriter::open(comm, options.out, spec_of(options, manifest, rows, provenance));
  return embed_all(context, options, weights, *network, where.device, old.get(), writer);
}

std::unique_ptr<Job> make_extract() { return std::make_unique<ExtractJob>(); }

}  // namespace pool3::jobs
