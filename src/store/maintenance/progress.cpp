#include <sys/stat.h>

#include <ctime>

#include "pool3/files.hpp"
#include "pool3/store/maintenance.hpp"
#include "store/features/unfinished_file.hpp"
#include "store/format_names.hpp"
#include "store/integrity/lock.hpp"
#include "store/integrity/seal.hpp"

namespace pool3 {
namespace {

constexpr const char* stage = "status";
constexpr std::string_view suffix = ".partial";

std::int64_t seconds_since_change(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? std::max<std::int64_t>(0, std::time(nullptr) - info.st_mtime) : 0;
}

void count(std::span<const RowStatus> status, ProgressReport& report) {
  for (const RowStatus s : status) {
    if (s != RowStatus::pending) ++report.done;
    if (s != RowStatus::pending && s != RowStatus::done) ++report.failed;
  }
}

ProgressReport finished_report(const std::string& path) {
  const FeatureReader reader(path);
  ProgressReport report{.state = ProgressReport::State::finished, .rows = reader.rows()};
  count(reader.status(), report);
  report.seconds_since_change = seconds_since_change(path);
  return report;
}

void count_unfinished(const Place& partial, ProgressReport& report) {
  store::check_open_seal(partial, store::features_format, store::features_version);
  const store::Tables tables = store::open_unfinished(partial, store::Mode::read);
  report.rows = tables.rows;
  constexpr std::int64_t step = 1 << 20;
  std::vector<RowStatus> status;
  for (Row begin = 0; begin < tables.rows; begin += step) {
    const RowRange rows{begin, std::min(begin + step, tables.rows)};
    status.resize(static_cast<std::size_t>(rows.size()));
    tables.status.read(rows, std::span(status));
    count(status, report);
  }
}

ProgressReport unfinished_report(const std::string& path, const Place& partial) {
  using State = ProgressReport::State;
  ProgressReport report;
  report.seconds_since_change = seconds_since_change(partial.path);
  if (const auto owner = store::owner_at_work({stage, path})) {
    report.state = State::running;
    report.host = owner->host;
    report.job = owner->job;
    report.pid = owner->pid;
  }
  const Place undo{stage, partial.path + ".undo"};
  if (file_exists(undo.path)) {  // its structure is being written
    if (report.state == State::running) report.state = State::finishing;
    return report;
  }
  if (store::format_of(partial.path).empty()) return report;  // its tables are being written
  count_unfinished(partial, report);
  return report;
}

}  // namespace

ProgressReport features_progress(const std::string& given) {
  const bool is_partial = given.ends_with(suffix);
  const std::string path = is_partial ? given.substr(0, given.size() - suffix.size()) : given;
  const Place partial{stage, path + std::string(suffix)};
  if (file_exists(partial.path)) return unfinished_report(path, partial);
  return finished_report(path);
}

}  // namespace pool3
