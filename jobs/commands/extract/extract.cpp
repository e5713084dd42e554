#include "commands/extract/extract.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "commands/extract/changes.hpp"
#include "commands/extract/display.hpp"
#include "commands/extract/dry_run.hpp"
#include "commands/extract/failure_table.hpp"
#include "commands/extract/resume.hpp"
#include "console/stop_signal.hpp"
#include "pool3/files.hpp"
#include "pool3/store/maintenance.hpp"
#include "setup/find_weights.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

/// What is known of a job before its pictures are listed, and after.
struct Plan {
  FileShape shape;
  Weights weights;
  ExtractorSetup setup;
  Manifest manifest;  ///< only the root has it; other ranks read paths from the feature file
  RowRange rows;      ///< of the catalogue, that go into this file; the root's alone
  Provenance provenance;
};

Provenance provenance_of(const Context& context, const ExtractOptions& options, const Plan& plan) {
  Provenance provenance = known_provenance(context, options);
  provenance.weights_sha256 = plan.weights.sha256;
  provenance.weights_source = plan.weights.source;
  provenance.profile = to_string(plan.setup.recipe.preprocessing());
  provenance.precision = to_string(plan.setup.recipe.precision);
  provenance.catalogue_hash = plan.manifest.hash;
  return provenance;
}

/// Throws Error if what is at --out is of another job, as far as `wanted` tells. Root only.
void check_earlier(const ExtractOptions& options, const Provenance& wanted, const FileShape& shape,
                   std::int64_t rows = -1) {
  if (const auto error = refusal(look_at_out(options.file.out, wanted, shape, rows), options)) throw Error(*error);
}

/// How a finished file of this plan counts. Collective. Throws a collective Error if no picture could be read.
ExitCode outcome(const Context& context, const Plan& plan, std::int64_t failed, const std::string& out) {
  const std::int64_t rows = context.comm.sum(plan.rows.size());  // only the root has them
  const std::int64_t damaged = context.comm.sum(plan.manifest.damaged_shards);
  context.log.line("extract", fmt::format("{}: {} rows, {} failed", out, rows, failed));
  if (rows > 0 && failed == rows) {
    context.comm.root_does([&] {
      throw Error({.stage = "extract",
                   .path = out,
                   .cause = fmt::format("none of the {} pictures could be read", rows),
                   .advice = "is this the right corpus? OUT.failures.tsv lists them; --retry-failed tries them again"});
    });
  }
  if (damaged > 0) {
    context.log.line("extract", fmt::format("{} tar {} damaged: pictures in {} are not in the catalogue", damaged,
                                            damaged == 1 ? "file is" : "files are", damaged == 1 ? "it" : "them"));
  }
  return failed > 0 || damaged > 0 ? ExitCode::some_failed : ExitCode::ok;
}

/// Throws Error if no picture of the catalogue is there: a table of wrong paths, a disk that is not mounted. Root only.
void check_some_there(const Manifest& manifest) {
  if (std::ranges::any_of(manifest.bytes, [](std::int64_t bytes) { return bytes >= 0; })) return;
  throw Error(
      {.stage = "extract",
       .path = full_path(manifest.root, manifest.paths[0]),
       .cause = fmt::format("neither this nor any other of the {} pictures of the catalogue is there", manifest.size()),
       .advice = "are the paths right, and the disk mounted?"});
}

/// In the order of cost. Collective.
Plan make_plan(const Context& context, const ExtractOptions& options) {
  Plan plan{.shape = shape_of(options.file)};
  context.comm.root_does([&] {
    check_out(options.file.out);
    check_earlier(options, known_provenance(context, options), plan.shape);
  });
  context.comm.all_do([&] { plan.weights = read_weights(find_weights(options.network.weights)); });
  ExtractorOptions wanted = extractor_options(options.network, options.decoding);
  wanted.preferred = earlier_precision(context, options);
  plan.setup = agree_setup(context.comm, plan.weights, wanted);
  plan.manifest = list_corpus(context.comm, corpus_options(options.catalogue));
  for (const std::string& text : plan.manifest.notes) context.log.line("extract", text);
  context.comm.root_does([&] { check_some_there(plan.manifest); });
  plan.rows = rows_of_part(plan.manifest.size(), options.network.batch, plan.shape);
  plan.provenance = provenance_of(context, options, plan);
  context.comm.root_does([&] { check_earlier(options, plan.provenance, plan.shape, plan.rows.size()); });
  return plan;
}

/// `plan` must outlive it.
FeatureSpec spec_of(const FileFlags& flags, const PolicyFlags& policy, const Plan& plan, std::int64_t width) {
  const Manifest& manifest = plan.manifest;
  const auto first = static_cast<std::size_t>(plan.rows.begin);
  return {.rows = plan.rows.size(),
          .width = width,
          .block_rows = plan.setup.batch,
          .root = manifest.root,
          .classes = manifest.classes,
          .labels = std::span(manifest.labels).subspan(first, static_cast<std::size_t>(plan.rows.size())),
          .path = [&plan](Row row) { return plan.manifest.paths[plan.rows.begin + row]; },
          .provenance = plan.provenance,
          .type = plan.shape.type,
          .alignment = flags.alignment,
          .stripes = {flags.stripe_count, flags.stripe_size},
          .part = plan.shape.part,
          .parts = plan.shape.parts,
          .durable = flags.durable,
          .difference = [&plan](const Provenance& there) { return extract_difference(plan.provenance, there); },
          .begins_anew = policy.overwrite};
}

/// Rows that --retry-failed or --update-from take over; null if there are none. Collective.
std::shared_ptr<const extraction::KnownRows> find_known_rows(const Context& context, const ExtractOptions& options,
                                                             const Plan& plan, std::int64_t width) {
  const std::string& from = options.policy.retry_failed ? options.file.out : options.policy.update_from;
  std::string difference;
  double usable = 0;
  context.comm.root_does([&] {
    if (from.empty() || (options.policy.retry_failed && !file_exists(from))) return;
    if (options.policy.retry_failed)
      check_retry(from, plan.provenance, plan.shape.type, width, plan.rows.size(),
                  [&](Row row) { return plan.manifest.paths[plan.rows.begin + row]; });
    else
      difference = rows_difference(plan.provenance, plan.shape.type, width, FeatureReader(from));
    usable = difference.empty() ? 1 : 0;
    if (!difference.empty() && !options.policy.overwrite && updates_in_place(options))
      throw Error({.stage = "extract",
                   .path = from,
                   .cause = "none of its rows can be taken: " + difference,
                   .advice = "give another --out, or add --overwrite to replace it"});
  });
  if (!difference.empty()) context.log.line("extract", fmt::format("no row of {} can be taken: {}", from, difference));
  std::shared_ptr<const extraction::KnownRows> known;
  if (context.comm.max(usable) == 0) return known;
  RowMatch match = RowMatch::by_content;
  if (options.policy.retry_failed) {
    const std::int64_t most_bytes = largest_file(plan.setup.recipe.decoding());
    const bool same = changes_since(context, from, plan.manifest.root, most_bytes, WhichRows::done).changes == 0;
    if (same) match = RowMatch::by_row;
  }
  context.comm.all_do([&] { known = open_known_rows(from, match); });
  return known;
}

/// Says what --retry-failed or --update-from has saved. Collective.
void print_copied(const Context& context, const ExtractOptions& options, const RankTally& tally) {
  const std::string& from = options.policy.update_from;
  const std::int64_t copied = context.comm.sum(tally.copied);
  const std::int64_t extracted = context.comm.sum(tally.images) - copied;
  std::string counts = fmt::format("{} rows copied, {} tried", copied, extracted);
  // In place, the old file is gone by now; a part has only some of its rows.
  if (!options.policy.retry_failed && options.file.part.empty() && from != options.file.out) {
    const DiffReport diff = diff_features(context.comm, from, options.file.out, false);
    counts += fmt::format("; since {}: {} added, {} changed, {} removed", from, diff.added, diff.changed, diff.removed);
  }
  context.log.line("extract", counts);
}

/// Ends the job so that the same command resumes it. Collective.
[[noreturn]] void leave_early(const Context& context, std::int64_t done, std::int64_t rows) {
  context.log.line(
      "extract",
      fmt::format("stopped by a signal: {} of {} images are done; run the same command again to resume", done, rows));
  if (context.comm.is_root() && context.log.metrics() != nullptr)
    context.log.metrics()->end(static_cast<int>(ExitCode::resumable));
  context.comm.barrier();
  exit_all(ExitCode::resumable);  // threads may still be busy with a batch
}

/// Works off every block that is left. Collective.
RankTally fill(const Context& context, const ExtractOptions& options, Extraction& extraction, FeatureWriter& writer) {
  const std::int64_t before = rows_done(writer);
  if (before > 0) context.log.line("extract", fmt::format("resuming: {} of them are done", before));
  ExtractDisplay display(context, writer.rows(), before, failure_limit(options.policy.max_failures, writer.rows()));
  const StopSignal::Deferred signal;
  const FileOutcome end = fill_file(context.comm, extraction, writer,
                                    {.wants_stop = [&] { return signal.came(); },
                                     .show_progress = [&](const FileProgress& progress) { display.show(progress); }});
  display.finish(end.progress);
  if (end.stopped) leave_early(context, end.progress.done, writer.rows());
  return end.progress.own;
}

/// The table of failures beside a finished file, and what there is to say of its rows. How many failed. Collective.
std::int64_t report(const Context& context, const std::string& out) {
  std::vector<Failure> failures;
  context.comm.root_does([&] {
    failures = FeatureReader(out).failures();
    write_failures(out + ".failures.tsv", failures);
  });
  print_copies(context, out);
  print_failures(context.log, failures);
  return context.comm.sum(static_cast<std::int64_t>(failures.size()));  // only the root has them
}

/// Computes every row of the file, finishes it, and says how it went. Collective.
ExitCode embed(const Context& context, const ExtractOptions& options, const Plan& plan) {
  const ExtractorSetup& setup = plan.setup;
  std::optional<Extractor> extractor;
  context.comm.all_do([&] { extractor.emplace(plan.weights, setup); });
  const auto known = find_known_rows(context, options, plan, extractor->width());
  context.log.line("extract",
                   fmt::format("network: {} on {}{}", to_string(setup.recipe.precision), to_string(setup.device),
                               setup.why.empty() ? "" : ", chosen since " + setup.why));
  const std::int64_t since = unfinished_since(context, options.file.out);
  FeatureWriter writer = FeatureWriter::open(context.comm, options.file.out,
                                             spec_of(options.file, options.policy, plan, extractor->width()));
  const std::int64_t rows = writer.rows();
  context.log.line("extract", fmt::format("{} images, {} ranks of {} threads, weights {}", rows, context.comm.size(),
                                          setup.threads, plan.weights.source));
  EntryLimits limits = entry_limits(setup.recipe.decoding());
  limits.shard_bytes = options.catalogue.max_shard_gib << 30;
  const EntryReader entries(writer.root(), std::move(limits));
  redo_changed(context, writer, entries, since);
  Extraction extraction = extractor->start(
      {.read = [&](auto path) { return entries.read(path); },
       .known = known,
       .remember_copies = true,
       .type = plan.shape.type,
       .write = [&](const BlockResult& b) { writer.write_block(b.index, b.features, b.keys, b.status, b.failures); }});
  const RankTally tally = fill(context, options, extraction, writer);
  writer.finish(context.comm);
  print_summary(context, tally, setup.threads);
  if (known != nullptr) print_copied(context, options, tally);
  const std::int64_t failed = report(context, options.file.out);
  return outcome(context, plan, failed, options.file.out);
}

/// The same job, which takes over what it can of its own file.
ExtractOptions updating(ExtractOptions options) {
  options.policy.update_from = options.file.out;
  options.policy.retry_failed = false;
  return options;
}

class ExtractCommand : public Command {
 public:
  void declare(OptionParser& parser) override {
    declare_extract(parser, options_);
    parser.take_without_flag("corpus");
    parser.add_required("out", options_.file.out, "feature file to make", Changes::file);
    parser.writes("out", {".partial", ".partial.*", ".lock", ".failures.tsv"}, "update-from");
    parser.add("part", options_.file.part, "make one part of the catalogue, e.g. 2/8; pool3 link joins the parts",
               std::string(), Changes::file);
  }
  void check() const override { jobs::check(options_); }
  ExitCode run(const Context& context) override { return extract(context, options_); }

 private:
  ExtractOptions options_;
};

}  // namespace

ExitCode extract(const Context& context, const ExtractOptions& options) {
  const StopSignal signal(context.log, options.policy.dry_run ? Again::begins_anew : Again::resumes);
  if (options.policy.dry_run) {
    dry_run(context, options);
    return ExitCode::ok;
  }
  const Plan plan = make_plan(context, options);
  const std::int64_t failed = failures_if_done(context.comm, options.file.out, plan.provenance, plan.shape);
  if (failed < 0 || (failed > 0 && options.policy.retry_failed)) return embed(context, options, plan);
  const PictureChanges found = changes_since(context, options.file.out, plan.manifest.root,
                                             largest_file(plan.setup.recipe.decoding()), WhichRows::all);
  if (found.changes > 0) return embed(context, updating(options), plan);
  context.log.line("extract", found.touched == 0
                                  ? "already done, nothing to do"
                                  : fmt::format("already done, nothing to do: {} pictures were touched since, and are "
                                                "the same",
                                                found.touched));
  context.comm.root_does([&] { complete_failure_table(options.file.out); });
  return outcome(context, plan, failed, options.file.out);
}

std::unique_ptr<Command> make_extract() { return std::make_unique<ExtractCommand>(); }

}  // namespace pool3::jobs
