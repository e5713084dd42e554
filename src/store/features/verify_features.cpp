#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "pool3/partition.hpp"
#include "store/features/checked_blocks.hpp"
#include "store/features/failure_table.hpp"
#include "store/features/feature_tables.hpp"
#include "store/features/linked_parts.hpp"
#include "store/features/value_checks.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/strings.hpp"
#include "store/integrity/checksum.hpp"
#include "store/row_pieces.hpp"

namespace pool3 {
namespace {

using store::Dataset;
using store::Part;
using store::Tables;

/// Lines that one rank reports; a wholly damaged file says the same thing millions of times.
constexpr std::size_t max_problems = 1000;

/// One rank's findings.
class Findings {
 public:
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::int64_t bytes = 0;

  void add(const std::string& problem) {
    if (lines_.size() < max_problems) lines_.push_back(one_line(problem));
    ++count_;
  }
  /// Runs one check; an error in it is a finding too.
  void check(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      add(error.fields().cause);
    }
  }
  /// All lines, each ended by a newline.
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    const std::size_t more = count_ - lines_.size();
    if (more > 0) text += fmt::format("and {} more problems\n", more);
    return text;
  }

 private:
  std::vector<std::string> lines_;
  std::size_t count_ = 0;
};

void check_table(const Tables& t, const Dataset& table, Findings& findings) {
  findings.bytes += table.bytes();
  if (table_checksum(table) != stored_checksum(t, table.name())) findings.add(table.name() + ": wrong checksum");
}

void check_status(RowRange rows, std::span<const RowStatus> status, Findings& findings) {
  for (std::size_t i = 0; i < status.size(); ++i) {
    const Row row = rows.begin + static_cast<Row>(i);
    const std::string problem = store::status_problem(status[i]);
    if (problem.empty()) {
      ++(status[i] == RowStatus::done ? findings.done : findings.failed);
    } else {
      findings.add(fmt::format("row {}: {}", row, problem));
    }
  }
}

void check_labels(const Tables& t, RowRange rows, Findings& findings) {
  std::vector<std::int32_t> labels(static_cast<std::size_t>(rows.size()));
  t.labels.read(rows, std::span(labels));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string problem = store::label_problem(labels[i], t.classes.rows());
    if (!problem.empty()) findings.add(fmt::format("row {}: {}", rows.begin + static_cast<Row>(i), problem));
  }
}

void check_keys(RowRange rows, std::string_view keys, Findings& findings) {
  for (Row row = rows.begin; row < rows.end; ++row) {
    const auto at = static_cast<std::size_t>(row - rows.begin) * store::key_width;
    if (!store::parse_key(keys.substr(at, store::key_width))) {
      findings.add(fmt::format("row {}: {}", row, store::no_key));
    }
  }
}

void check_run(const Tables& t, RowRange blocks, std::vector<std::byte>& features, Findings& findings) {
  const RowRange rows = store::rows_of_blocks(t, blocks.begin, blocks.end);
  features.resize(static_cast<std::size_t>(rows.size() * t.features.row_bytes()));
  const store::BlockRun run = store::read_run(t, blocks.begin, blocks.end, features);
  findings.bytes += rows.size() * (t.features.row_bytes() + t.keys.row_bytes() + t.status.row_bytes());
  for (const RowRange& damaged : run.damaged) findings.add(store::rows_text(damaged) + ": wrong checksum");
  for (const Row row : run.not_finite) findings.add(fmt::format("row {}: {}", row, store::not_finite));
  check_status(rows, run.status, findings);
  check_keys(rows, {run.keys.data(), run.keys.size()}, findings);
  check_labels(t, rows, findings);
  findings.check([&] { static_cast<void>(store::read_strings(t.paths, rows)); });
}

/// Checks that each entry names a row that failed in just this way. Equal numbers of entries and failed rows, and
/// rows in rising order, then make the two agree.
void check_failures(const Part& open, RowRange entries, Findings& findings) {
  const Tables& t = open.tables;
  Row last = -1;
  if (entries.begin > 0 && entries.size() > 0) {
    last = read_failures(open.failures, {entries.begin - 1, entries.begin}).front().row;
  }
  for (const Failure& failure : read_failures(open.failures, entries)) {
    const Row row = failure.row;
    if (row <= last || row >= t.rows) {
      findings.add(fmt::format("failures: row {} is out of order", row));
      continue;
    }
    last = row;
    RowStatus status{};
    t.status.read({row, row + 1}, std::span(&status, 1));
    if (status != failure.status) findings.add(fmt::format("failures: row {} has another status in the rows", row));
    if (store::read_strings(t.paths, {row, row + 1}).front() != failure.path) {
      findings.add(fmt::format("failures: row {} has another path in the rows", row));
    }
  }
}

/// The tables are dealt out to the ranks, blocks and failures are shared evenly.
Findings check_share(const Part& open, int ranks, int rank) {
  const Tables& t = open.tables;
  Findings findings;
  const std::vector<const Dataset*> tables = {&t.labels, &t.classes,   &t.paths,      &t.keys,
                                              &t.status, &t.checksums, &open.failures};
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (static_cast<int>(i) % ranks == rank) findings.check([&] { check_table(t, *tables[i], findings); });
  }
  std::vector<std::byte> features;
  const std::int64_t block_bytes = t.block_rows * t.features.row_bytes();
  store::for_each_piece(even_share(t.blocks(), ranks, rank), block_bytes, store::buffer_bytes,
                        [&](RowRange blocks) { findings.check([&] { check_run(t, blocks, features, findings); }); });
  const RowRange entries = even_share(open.failures.rows(), ranks, rank);
  store::for_each_piece(entries, open.failures.row_bytes(), store::buffer_bytes,
                        [&](RowRange piece) { findings.check([&] { check_failures(open, piece, findings); }); });
  return findings;
}

std::vector<std::string> merge_lines(const Communicator& comm, const std::string& mine) {
  std::string all;
  for (const std::string& part : comm.gather(mine)) all += part;
  comm.broadcast(all);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\n', at);
    lines.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// Adds what is found in one file to the report. Collective.
void verify_part(const Communicator& comm, const Part& part, const std::string& prefix, VerifyReport& report) {
  Findings findings = check_share(part, comm.size(), comm.rank());
  report.rows += part.tables.rows;
  report.blocks += part.tables.blocks();
  const std::int64_t failed = comm.sum(findings.failed);
  report.done += comm.sum(findings.done);
  report.failed += failed;
  report.bytes += comm.sum(findings.bytes);
  if (comm.is_root() && failed != part.failures.rows()) {
    findings.add(fmt::format("failures: {} entries for {} failed rows", part.failures.rows(), failed));
  }
  for (std::string& line : merge_lines(comm, findings.text())) report.problems.push_back(prefix + std::move(line));
}

}  // namespace

VerifyReport verify_features(const Communicator& comm, const std::string& path) {
  std::vector<Part> parts;
  comm.all_do([&] { parts = store::open_parts({"verify features", path}); });
  VerifyReport report;
  for (const Part& part : parts) {
    verify_part(comm, part, parts.size() > 1 ? part.tables.file.place().path + ": " : "", report);
  }
  return report;
}

}  // namespace pool3
