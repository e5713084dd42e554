#include "commands/extract/failure_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "pool3/error.hpp"
#include "pool3/files.hpp"

namespace pool3::jobs {
namespace {

/// The code and message of a failure, with N in place of each number.
std::string kind_of(const Failure& failure) {
  std::string kind = fmt::format("{}: ", to_string(failure.status));
  for (const char c : failure.message) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) kind += c;
    if (digit && !kind.ends_with('N')) kind += 'N';
  }
  return kind;
}

struct Kind {
  std::string text;
  std::int64_t count = 0;
  std::string example;  ///< a path
};

/// The most frequent first.
std::vector<Kind> kinds_of(std::span<const Failure> failures) {
  std::map<std::string, Kind> kinds;
  for (const Failure& failure : failures) {
    Kind& kind = kinds[kind_of(failure)];
    // A single one keeps its numbers.
    if (kind.count++ == 0) kind.text = fmt::format("{}: {}", to_string(failure.status), failure.message);
    if (kind.count == 1) kind.example = failure.path;
    if (kind.count == 2) kind.text = kind_of(failure);
  }
  std::vector<Kind> sorted;
  sorted.reserve(kinds.size());
  for (auto& [text, kind] : kinds) sorted.push_back(std::move(kind));
  std::ranges::stable_sort(sorted, std::greater(), &Kind::count);
  return sorted;
}

/// A cell of the table: in quotes, as in CSV, if it has quotes in it.
std::string cell(const std::string& from_outside) {
  std::string text = one_line(from_outside);
  if (text.find('"') == std::string::npos) return text;
  std::string value = "\"";
  for (const char c : text) value.append(c == '"' ? 2 : 1, c);
  return value + "\"";
}

/// None if there is no such file, if it can't be read, or if it has more bytes than `most`.
std::optional<std::string> content_of(const Place& place, std::int64_t most) {
  try {
    return read_source(place, most);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

void print_failures(Log& log, const std::vector<Failure>& failures) {
  const std::vector<Kind> kinds = kinds_of(failures);
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(most, kinds.size()); ++i)
    log.line("extract", fmt::format("{} failed, {}, e.g. {}", kinds[i].count, kinds[i].text, kinds[i].example));
  if (kinds.size() > most)
    log.line("extract", fmt::format("and {} other kinds; see the table of failures", kinds.size() - most));
}

std::string failures_text(const std::vector<Failure>& failures) {
  std::string text = "row\tpath\tstage\tcode\tmessage\n";
  for (const Failure& f : failures) {
    text += fmt::format("{}\t{}\t{}\t{}\t{}\n", f.row, cell(f.path), stage_of(f.status), to_string(f.status),
                        cell(f.message));
  }
  return text;
}

void write_failures(const std::string& path, const std::vector<Failure>& failures) {
  write_whole_file({"extract", path}, failures_text(failures));
}

void complete_failure_table(const std::string& path) {
  const std::string table = path + ".failures.tsv";
  const std::string text = failures_text(FeatureReader(path).failures());
  if (content_of({"extract", table}, static_cast<std::int64_t>(text.size())) != text)
    write_whole_file({"extract", table}, text);
}

void check_failures(std::int64_t failed, std::int64_t limit, std::span<const Failure> sample) {
  if (limit < 0 || failed <= limit) return;
  const std::vector<Kind> kinds = kinds_of(sample);
  const std::string often =
      kinds.empty() ? "" : fmt::format("; most often {}, e.g. {}", kinds[0].text, kinds[0].example);
  throw Error({.stage = "extract",
               .cause = fmt::format("{} images failed, and --max-failures allows {}{}", failed, limit, often),
               .advice = "is this the right corpus?"});
}

}  // namespace pool3::jobs
