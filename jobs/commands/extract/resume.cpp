#include "commands/extract/resume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "pool3/files.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

FileShape shape_in(const FeatureReader& reader) { return {reader.part(), reader.parts(), reader.type()}; }

/// True if `path` is a finished file of this very job.
bool is_already_done(const std::string& path, const Provenance& wanted, const FileShape& shape) {
  if (!file_exists(path)) return false;
  const FeatureReader reader(path);
  return shape_in(reader) == shape && extract_difference(wanted, reader.provenance()).empty();
}

/// `here`, with what is not known of it yet as `there`.
Provenance completed(Provenance here, const Provenance& there) {
  for (const auto field :
       {&Provenance::weights_sha256, &Provenance::profile, &Provenance::precision, &Provenance::catalogue_hash})
    if ((here.*field).empty()) here.*field = there.*field;
  return here;
}

/// In words, if the catalogues are what differs.
std::string job_words(const Provenance& wanted, const Provenance& there) {
  const Provenance here = completed(wanted, there);
  Provenance like_there = here;
  like_there.catalogue_hash = there.catalogue_hash;
  if (here.catalogue_hash == there.catalogue_hash || !extract_difference(like_there, there).empty())
    return extract_difference(here, there);
  if (here.corpus != there.corpus) return fmt::format("corpus: {} here, {} there", here.corpus, there.corpus);
  if (here.labels != there.labels) return fmt::format("labels: {} here, {} there", here.labels, there.labels);
  return fmt::format("catalogue: pictures of {}, their sizes, labels or classes have changed", here.corpus);
}

std::string shape_words(const FileShape& here, const FileShape& there) {
  if (here == there) return {};
  if (here.type != there.type)
    return fmt::format("features: {} here, {} there", to_string(here.type), to_string(there.type));
  return fmt::format("part: {}/{} here, {}/{} there", here.part, here.parts, there.part, there.parts);
}

/// How the two differ in flags of which the content does not tell.
std::string flag_difference(const Provenance& here, const Provenance& there) {
  const auto mine = nlohmann::json::parse(here.config);
  const auto other = nlohmann::json::parse(there.config, nullptr, false);
  for (const auto& [name, value] : mine.items()) {
    if (is_told_by_content(name)) continue;
    const std::string was = other.contains(name) ? other[name].dump() : "nothing";
    if (was != value.dump()) return fmt::format("--{}: {} here, {} there", name, value.dump(), was);
  }
  return {};
}

}  // namespace

std::string extract_difference(const Provenance& here, const Provenance& there) {
  std::string found = job_difference(here, there);
  if (!found.empty()) return found;
  return flag_difference(here, there);
}

Provenance known_provenance(const Context& context, const ExtractOptions& options) {
  return {.version = version,
          .corpus = fmt::format("{}", fmt::join(in_short(options.catalogue.corpus), " ")),
          .labels = options.catalogue.labels,
          .config = context.config};
}

void check_out(const std::string& path) {
  check_output({"extract", path + ".failures.tsv"});
  std::error_code ignored;
  if (!file_exists(path) || std::filesystem::is_directory(path, ignored)) return check_output({"extract", path});
  if (kind_of_file(path) != "features")
    throw Error({.stage = "extract",
                 .path = path,
                 .cause = "exists and is not a feature file",
                 .advice = "give another --out"});
}

Earlier look_at_out(const std::string& path, const Provenance& wanted, const FileShape& shape, std::int64_t rows) {
  Earlier unfinished;
  if (const auto there = unfinished_provenance(path))
    unfinished = {Earlier::State::unfinished, job_words(wanted, *there)};
  if (!unfinished.difference.empty() || !file_exists(path)) return unfinished;
  const FeatureReader reader(path);
  Earlier earlier{Earlier::State::finished, job_words(wanted, reader.provenance())};
  if (earlier.difference.empty()) earlier.difference = shape_words(shape, shape_in(reader));
  if (!earlier.difference.empty() && rows >= 0)
    earlier.difference += fmt::format(" ({} rows here, {} there)", rows, reader.rows());
  const bool resumes = unfinished.state == Earlier::State::unfinished;
  return resumes && earlier.difference.empty() ? unfinished : earlier;
}

std::optional<Precision> earlier_precision(const Context& context, const ExtractOptions& options) {
  if (options.network.precision != "auto") return {};
  std::string name;
  context.comm.root_does([&] {
    const std::string &out = options.file.out, &from = options.policy.update_from;
    const Earlier earlier = look_at_out(out, known_provenance(context, options), shape_of(options.file));
    if (earlier.state == Earlier::State::unfinished && earlier.difference.empty())
      name = unfinished_provenance(out)->precision;
    else if (earlier.state == Earlier::State::finished && earlier.difference.empty())
      name = FeatureReader(out).provenance().precision;
    else if (!from.empty() && file_exists(from))
      name = FeatureReader(from).provenance().precision;
  });
  context.comm.broadcast(name);
  const auto* const found = std::ranges::find(precision_names, name);
  if (found == precision_names.end()) return {};
  return static_cast<Precision>(found - precision_names.begin());
}

bool updates_in_place(const ExtractOptions& options) {
  std::error_code ignored;
  return std::filesystem::equivalent(options.policy.update_from, options.file.out, ignored);
}

std::optional<Error> refusal(const Earlier& earlier, const ExtractOptions& options) {
  using State = Earlier::State;
  const PolicyFlags& policy = options.policy;
  if (earlier.difference.empty() || policy.overwrite) return {};
  if (earlier.state == State::unfinished)
    return Error({.stage = "extract",
                  .path = options.file.out + ".partial",
                  .cause = "is of another job: " + earlier.difference,
                  .advice = "run the command that began it, or add --overwrite to begin anew"});
  if (policy.retry_failed || updates_in_place(options)) return {};  // they are about that file, and look at it
  return Error({.stage = "extract",
                .path = options.file.out,
                .cause = "is a finished file of another job: " + earlier.difference,
                .advice = fmt::format(
                    "give another --out; or, to keep the rows of pictures that are as they were, --update-from {}, "
                    "also with this --out; or --overwrite to begin anew",
                    options.file.out)});
}

std::int64_t failures_if_done(const Communicator& comm, const std::string& path, const Provenance& wanted,
                              const FileShape& shape) {
  double failed = -1;
  comm.root_does([&] {
    if (!is_already_done(path, wanted, shape)) return;
    remove_leftovers(path);
    failed = static_cast<double>(FeatureReader(path).failures().size());
  });
  return static_cast<std::int64_t>(comm.max(failed));
}

std::string rows_difference(const Provenance& here, FeatureType type, std::int64_t width, const FeatureReader& old) {
  std::string found = kind_difference(here, old.provenance());
  if (found.empty()) found = width_difference(width, old.width());
  if (found.empty() && type != old.type())
    found = fmt::format("features: {} here, {} there", to_string(type), to_string(old.type()));
  if (!found.empty()) return found;
  const std::int64_t limit = parse_preprocessing(here.profile).max_pixels;
  const std::int64_t old_limit = parse_preprocessing(old.provenance().profile).max_pixels;
  return limit == old_limit ? "" : fmt::format("--max-pixels: {} here, {} there", limit, old_limit);
}

void check_retry(const std::string& path, const Provenance& here, FeatureType type, std::int64_t width,
                 std::int64_t rows, const std::function<std::string_view(Row)>& path_of) {
  const auto fail = [&](const std::string& cause) {
    throw Error({.stage = "retry failed rows",
                 .path = path,
                 .cause = cause,
                 .advice = "extract to another file with --update-from"});
  };
  const FeatureReader old(path);
  const std::string difference = rows_difference(here, type, width, old);
  if (!difference.empty()) fail(difference);
  if (old.rows() != rows) fail(fmt::format("has {} rows, the catalogue {}", old.rows(), rows));
  constexpr std::int64_t step = 4096;
  for (Row begin = 0; begin < rows; begin += step) {
    const auto paths = old.paths({begin, std::min(begin + step, rows)});
    for (std::size_t i = 0; i < paths.size(); ++i)
      if (paths[i] != path_of(begin + static_cast<Row>(i))) fail("has other paths than the catalogue: " + paths[i]);
  }
}

}  // namespace pool3::jobs
