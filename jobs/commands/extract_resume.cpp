#include "commands/extract_resume.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace pool3::jobs {
namespace {

/// True if `path` is a finished file of this very job.
bool is_already_done(const std::string& path, const Provenance& wanted, const FileShape& shape) {
  if (!std::filesystem::exists(path)) return false;
  if (kind_of_file(path) != "features")
    throw Error({.stage = "extract",
                 .path = path,
                 .cause = "exists and is not a feature file",
                 .advice = "give another --out"});
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
    if (was != value.dump()) return std::string("--").append(name) + ": " + value.dump() + " here, " + was + " there";
  }
  return {};
}

}  // namespace

std::string extract_difference(const Provenance& here, const Provenance& there) {
  const std::string found = job_difference(here, there);
  if (!found.empty()) return found;
  return flag_difference(here, there, [](const std::string& name) {
    return name != "corpus" && name != "classes" && name != "weights" && name != "precision" && name != "command";
  });
}

FileShape parse_part(const std::string& text) {
  FileShape shape;
  if (text.empty()) return shape;
  const auto fail = [&] { throw usage_error("--part must be like 2/8, part 2 of 8, not '" + text + "'"); };
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

std::string rows_difference(const Provenance& here, FeatureType type, const FeatureReader& old) {
  std::string found = kind_difference(here, old.provenance());
  if (found.empty() && type != old.type())
    found = "features: " + std::string(to_string(type)) + " here, " + std::string(to_string(old.type())) + " there";
  if (!found.empty()) return found;
  return flag_difference(here, old.provenance(),
                         [](const std::string& name) { return name == "max-pixels" || name == "ignore-orientation"; });
}

void check_retry(const std::string& path, const Provenance& here, FeatureType type, std::int64_t rows,
                 const std::function<std::string_view(Row)>& path_of) {
  const auto fail = [&](const std::string& cause) {
    throw Error({.stage = "retry failed rows",
                 .path = path,
                 .cause = cause,
                 .advice = "extract to another file with --update-from"});
  };
  const FeatureReader old(path);
  const std::string difference = rows_difference(here, type, old);
  if (!difference.empty()) fail(difference);
  if (old.rows() != rows) fail("has " + std::to_string(old.rows()) + " rows, the catalogue " + std::to_string(rows));
  constexpr std::int64_t step = 4096;
  for (Row begin = 0; begin < rows; begin += step) {
    const auto paths = old.paths({begin, std::min(begin + step, rows)});
    for (std::size_t i = 0; i < paths.size(); ++i)
      if (paths[i] != path_of(begin + static_cast<Row>(i))) fail("has other paths than the catalogue: " + paths[i]);
  }
}

}  // namespace pool3::jobs
