#include "commands/extract_resume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "pool3/files.hpp"

namespace pool3::jobs {
namespace {

/// True if `path` is a finished file of this very job.
bool is_already_done(const std::string& path, const Provenance& wanted, const FileShape& shape) {
  if (!file_exists(path)) return false;
  const FeatureReader reader(path);
  return FileShape{reader.part(), reader.parts(), reader.type()} == shape &&
         extract_difference(wanted, reader.provenance()).empty();
}

/// How the two differ in the flags for which `counts` holds.
std::string flag_difference(const Provenance& here, const Provenance& there,
                            const std::function<bool(const std::string&)>& counts) {
  const auto mine = nlohmann::json::parse(here.config);
  const auto other = nlohmann::json::parse(there.config, nullptr, false);
  for (const auto& [name, value] : mine.items()) {
    if (!counts(name)) continue;
    const std::string was = other.contains(name) ? other[name].dump() : "nothing";
    if (was != value.dump()) return fmt::format("--{}: {} here, {} there", name, value.dump(), was);
  }
  return {};
}

}  // namespace

std::string extract_difference(const Provenance& here, const Provenance& there) {
  std::string found = job_difference(here, there);
  if (!found.empty()) return found;
  return flag_difference(here, there, [](const std::string& flag) { return !is_told_by_content(flag); });
}

void check_out(const std::string& path) {
  std::error_code ignored;
  if (!file_exists(path) || std::filesystem::is_directory(path, ignored)) return check_output({"extract", path});
  if (kind_of_file(path) != "features")
    throw Error({.stage = "extract",
                 .path = path,
                 .cause = "exists and is not a feature file",
                 .advice = "give another --out"});
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
  return flag_difference(here, old.provenance(), shapes_features);
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
