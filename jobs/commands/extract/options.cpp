#include "commands/extract/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "pool3/error.hpp"
#include "pool3/partition.hpp"
#include "pool3/text.hpp"

namespace pool3::jobs {
namespace {

constexpr std::int64_t stripe_step = 65536;  // of Lustre

void declare_catalogue(OptionParser& p, CatalogueFlags& o) {
  p.add_list("corpus", o.corpus,
             "folders of pictures or tar shards, CSV or TSV tables (path[,label]), JSON (also of COCO's kind), text "
             "lists, tar "
             "shards (a-{000..127}.tar, 'a-*.tar')",
             Changes::content);
  p.reads("corpus", ReadPath::Form::corpus);
  p.add("labels", o.labels,
        "auto, directory, filename, regex:PATTERN, column or none; auto: the label column of tables that have one, "
        "elsewhere the directory: the top one, or below one that holds all, or below train and test",
        std::string("auto"), Changes::content);
  p.add("path-column", o.path_column, "column of the paths in tables: its name, or a number from 1; default: found",
        std::string(), Changes::content);
  p.add("label-column", o.label_column, "column of the labels in tables: its name, or a number from 1; default: found",
        std::string(), Changes::content);
  p.add(
      "several-labels", o.several_labels,
      "which label a picture has that rows of tables give several: refuse ends the job, none, first, or that with the "
      "highest:COLUMN (rows without a number above 0 there count as without a label)",
      std::string("refuse"), Changes::content);
  p.add("path-root", o.path_root,
        "folder that relative paths in tables and lists start from; default: the folder that each is in", std::string(),
        Changes::content);
  p.reads("path-root");
  p.add("classes", o.classes, "text file: these classes, in this order; other pictures are left out", std::string(),
        Changes::content);
  p.reads("classes");
  p.add("min-per-class", o.min_per_class, "classes with fewer pictures are left out", std::int64_t{0});
  p.add("limit-per-class", o.limit_per_class, "at most this many pictures of a class, evenly chosen; 0: all",
        std::int64_t{0});
  p.add("max-shard-gib", o.max_shard_gib,
        "GiB of pictures that one compressed tar file may unpack into $TMPDIR; those beyond become failures; 0: 16 "
        "times the file, 4 at least",
        std::int64_t{0}, Changes::nothing);
}

void declare_network(OptionParser& p, NetworkFlags& o) {
  p.add("weights", o.weights, "weights file; default: weights/inception_v3.safetensors", std::string(),
        Changes::content);
  p.reads("weights", ReadPath::Form::weights);
  declare_device(p, o.device);
  p.add(
      "precision", o.precision,
      "auto, fp32, bf16, (GPUs) fp16 or (calibrated weights) int8; auto: that of the rows that are there already, else "
      "fp16 on GPUs, bf16 where it is faster on every CPU of the job, else fp32",
      std::string("auto"), Changes::content);
  p.add("batch", o.batch, "images of one network call, and rows of one block of the file", 16);
  p.add("threads", o.threads, "threads per rank; 0: its share of the cores", 0, Changes::nothing);
}

void declare_decoding(OptionParser& p, DecodingFlags& o) {
  p.add("profile", o.profile, "nsfwjs, tf2015, keras or torchvision; default: the weights' own", std::string(),
        Changes::content);
  p.add("max-pixels", o.max_pixels, "larger pictures become failures", DecodeOptions{}.max_pixels);
  p.add_switch("ignore-orientation", o.ignore_orientation, "don't turn pictures as their EXIF orientation says");
  p.add_switch("fast-decode", o.fast_decode, "decode large JPEGs at 1/2, 1/4 or 1/8 of their size");
}

void declare_file(OptionParser& p, FileFlags& o) {
  p.add("dtype", o.dtype, "float32, or float16: half the space, three digits", std::string("float32"));
  p.add("alignment", o.alignment,
        "large tables start at multiples of this many bytes: a page, or the stripe of the file system; 0: anywhere",
        std::int64_t{4096}, Changes::file);
  p.add("stripe-count", o.stripe_count,
        "hint for a parallel file system: spread the file over this many servers; 0: as its folder is set",
        std::int64_t{0}, Changes::file);
  p.add("stripe-size", o.stripe_size, "hint for a parallel file system: bytes of a stripe; 0: as its folder is set",
        std::int64_t{0}, Changes::file);
  p.add_switch("durable", o.durable, "sync after every batch, so that what is done survives a loss of power",
               Changes::nothing);
}

void declare_policy(OptionParser& p, PolicyFlags& o) {
  p.add("update-from", o.update_from, "feature file whose rows are copied where the picture has not changed",
        std::string(), Changes::nothing);
  p.reads("update-from");
  p.add_switch("retry-failed", o.retry_failed, "try only the failed rows of --out again", Changes::nothing);
  p.add("max-failures", o.max_failures,
        "end the job when more pictures fail: a number, or a share as in 5%; default: never", std::string(),
        Changes::nothing);
  p.add_switch("overwrite", o.overwrite, "replace what another job has left at --out, finished or not",
               Changes::nothing);
  p.add_switch("dry-run", o.dry_run, "only say what would be done, and how long it would take", Changes::nothing);
}

/// "2/8" is part 2 of 8, "" the whole.
FileShape parse_part(const std::string& text) {
  FileShape shape;
  if (text.empty()) return shape;
  const auto fail = [&] { throw usage_error(fmt::format("--part must be like 2/8, part 2 of 8, not '{}'", text)); };
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) fail();
  const auto number = [&](std::size_t begin, std::size_t end, std::int64_t& value) {
    const auto parsed = std::from_chars(text.data() + begin, text.data() + end, value);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + end) fail();
  };
  number(0, slash, shape.part);
  number(slash + 1, text.size(), shape.parts);
  if (shape.part < 1 || shape.part > shape.parts) fail();
  return shape;
}

/// Flags of extract, as they were declared.
std::set<std::string> flags_that_change(Changes changes) {
  OptionParser parser("extract", "");
  ExtractOptions options;
  declare_extract(parser, options);
  return parser.names(changes);
}

}  // namespace

void declare_extract(OptionParser& p, ExtractOptions& o) {
  p.group("Catalogue");
  declare_catalogue(p, o.catalogue);
  p.group("Network");
  declare_network(p, o.network);
  p.group("Decoding");
  declare_decoding(p, o.decoding);
  p.group("Policy");
  declare_policy(p, o.policy);
  p.group("Feature file");
  declare_file(p, o.file);
}

bool is_told_by_content(const std::string& flag) {
  static const std::set<std::string> flags = flags_that_change(Changes::content);
  return flag == "command" || flags.contains(flag);
}

void check(const ExtractOptions& options) {
  constexpr std::int64_t most_gib = std::int64_t{1} << 30;
  if (options.catalogue.max_shard_gib < 0 || options.catalogue.max_shard_gib > most_gib)
    throw usage_error(fmt::format("--max-shard-gib must be from 0 to {}", most_gib));
  static_cast<void>(corpus_options(options.catalogue));
  static_cast<void>(extractor_options(options.network, options.decoding));
  static_cast<void>(shape_of(options.file));
  const FileFlags& file = options.file;
  if (file.alignment < 0 || (file.alignment & (file.alignment - 1)) != 0)
    throw usage_error("--alignment must be 0 or a power of two");
  if (file.stripe_count < 0) throw usage_error("--stripe-count must be 0 or more");
  if (file.stripe_size < 0 || file.stripe_size % stripe_step != 0)
    throw usage_error(fmt::format("--stripe-size must be 0 or a multiple of {}", stripe_step));
  if (options.policy.retry_failed && !options.policy.update_from.empty())
    throw usage_error("--retry-failed and --update-from exclude each other");
  static_cast<void>(failure_limit(options.policy.max_failures, 0));
}

CorpusOptions corpus_options(const CatalogueFlags& flags) {
  return {.corpus = flags.corpus,
          .labels = parse_label_rule(flags.labels),
          .path_column = flags.path_column,
          .label_column = flags.label_column,
          .several_labels = parse_several_labels(flags.several_labels),
          .path_root = flags.path_root,
          .classes = flags.classes,
          .min_per_class = flags.min_per_class,
          .limit_per_class = flags.limit_per_class};
}

FileShape shape_of(const FileFlags& flags) {
  if (flags.dtype != "float32" && flags.dtype != "float16") throw usage_error("--dtype must be float32 or float16");
  FileShape shape = parse_part(flags.part);
  shape.type = flags.dtype == "float16" ? FeatureType::float16 : FeatureType::float32;
  return shape;
}

RowRange rows_of_part(std::int64_t catalogue_rows, std::int64_t block_rows, const FileShape& shape) {
  const RowRange blocks = even_share(block_count(catalogue_rows, block_rows), shape.parts, shape.part - 1);
  return {std::min(catalogue_rows, blocks.begin * block_rows), std::min(catalogue_rows, blocks.end * block_rows)};
}

std::int64_t failure_limit(const std::string& text, std::int64_t rows) {
  if (text.empty()) return -1;
  const bool share = text.ends_with('%');
  const double value =
      parse_number<double>(std::string_view(text).substr(0, text.size() - (share ? 1 : 0))).value_or(-1);
  const bool fine = value >= 0 && value <= (share ? 100.0 : 1e15);
  if (!fine || (!share && value != std::floor(value)))
    throw usage_error("--max-failures must be a number, or a share of the pictures such as 5%");
  return static_cast<std::int64_t>(share ? value / 100 * static_cast<double>(rows) : value);
}

}  // namespace pool3::jobs
