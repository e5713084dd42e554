#include "commands/extract_report.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "pool3/files.hpp"
#include "pool3/maintenance.hpp"

namespace pool3::jobs {

namespace {

/// The code and message of a failure with N for each number in it.
std::string kind_of(const Failure& failure) {
  std::string kind = std::string(to_string(failure.status)) + ": ";
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

/// The most frequent in front.
std::vector<Kind> kinds_of(const std::vector<Failure>& failures) {
  std::map<std::string, Kind> kinds;
  for (const Failure& failure : failures) {
    Kind& kind = kinds[kind_of(failure)];
    // A single one keeps its numbers.
    if (kind.count++ == 0) kind.text = std::string(to_string(failure.status)) + ": " + failure.message;
    if (kind.count == 1) kind.example = failure.path;
    if (kind.count == 2) kind.text = kind_of(failure);
  }
  std::vector<Kind> sorted;
  sorted.reserve(kinds.size());
  for (auto& [text, kind] : kinds) sorted.push_back(std::move(kind));
  std::ranges::stable_sort(sorted, std::greater(), &Kind::count);
  return sorted;
}

std::string quoted(const std::string& text) {
  if (text.find_first_of("\t\n\r\"") == std::string::npos) return text;
  std::string value = "\"";
  for (const char c : text) value.append(c == '"' ? 2 : 1, c);
  return value + "\"";
}

}  // namespace

void print_summary(const Context& context, const RankTally& tally, int threads) {
  nlohmann::json mine = {tally.images,         tally.failed,         tally.seconds.read,
                         tally.seconds.decode, tally.seconds.resize, tally.seconds.network,
                         tally.seconds.write,  tally.wall,           tally.cpu};
  const auto all = context.comm.gather(mine.dump());
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const auto v = nlohmann::json::parse(all[rank]).get<std::vector<double>>();
    const double wall = std::max(v[7], 1e-9);
    const double waiting = std::max(0.0, wall * threads - v[3] - v[4] - v[5]);
    const auto part = [&](double s) { return fixed(100.0 * s / (wall * threads), 1) + "%"; };
    context.log.line("extract",
                     "rank " + std::to_string(rank) + ": " + fixed(v[0], 0) + " images, " + fixed(v[0] / wall, 1) +
                         "/s; decode " + part(v[3]) + ", resize " + part(v[4]) + ", network " + part(v[5]) +
                         ", waiting " + part(waiting) + " of " + std::to_string(threads) +
                         " threads; beside them read " + fixed(v[2], 2) + " s, write " + fixed(v[6], 2) + " s",
                     {{"rank", std::to_string(rank)},
                      {"images", fixed(v[0], 0)},
                      {"failed", fixed(v[1], 0)},
                      {"read_seconds", fixed(v[2], 3)},
                      {"decode_seconds", fixed(v[3], 3)},
                      {"resize_seconds", fixed(v[4], 3)},
                      {"network_seconds", fixed(v[5], 3)},
                      {"waiting_seconds", fixed(waiting, 3)},
                      {"write_seconds", fixed(v[6], 3)},
                      {"cpu_seconds", fixed(v[8], 3)},
                      {"wall_seconds", fixed(v[7], 3)}});
  }
}

void print_failures(Log& log, const std::vector<Failure>& failures) {
  const std::vector<Kind> kinds = kinds_of(failures);
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(most, kinds.size()); ++i)
    log.line("extract",
             std::to_string(kinds[i].count) + " failed, " + kinds[i].text + ", e.g. " + one_line(kinds[i].example));
  if (kinds.size() > most)
    log.line("extract", "and " + std::to_string(kinds.size() - most) + " other kinds; see the table of failures");
}

namespace {

std::string failures_text(const std::vector<Failure>& failures) {
  std::string text = "row\tpath\tstage\tcode\tmessage\n";
  for (const Failure& f : failures) {
    text += std::to_string(f.row) + "\t" + quoted(f.path) + "\t" + std::string(stage_of(f.status)) + "\t" +
            std::string(to_string(f.status)) + "\t" + quoted(f.message) + "\n";
  }
  return text;
}

}  // namespace

void write_failures(const std::string& path, const std::vector<Failure>& failures) {
  write_whole_file({"extract", path}, failures_text(failures));
}

void complete_files_beside(const std::string& path) {
  const std::string table = path + ".failures.tsv";
  const std::string text = failures_text(FeatureReader(path).failures());
  std::ifstream file(table, std::ios::binary);
  if (!file || std::string(std::istreambuf_iterator<char>(file), {}) != text)
    write_whole_file({"extract", table}, text);
}

void print_copies(const Context& context, const std::string& path) {
  const CopyCount found = count_copies(context.comm, path);
  if (found.copies == 0) return;
  std::string example;
  context.comm.root_does([&] { example = FeatureReader(path).paths({found.example, found.example + 1}).at(0); });
  context.log.line("extract", std::to_string(found.copies) + " images are copies: " + std::to_string(found.pictures) +
                                  " pictures occur more than once, " + std::to_string(found.most) + " times " +
                                  one_line(example));
}

std::int64_t failure_limit(const std::string& text, std::int64_t rows) {
  if (text.empty()) return -1;
  const bool share = text.ends_with('%');
  const char* end = text.data() + text.size() - (share ? 1 : 0);
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool fine = error == std::errc() && stop == end && value >= 0 && value <= (share ? 100.0 : 1e15);
  if (!fine || (!share && value != std::floor(value))) {
    throw usage_error("--max-failures must be a number, or a share of the pictures such as 5%");
  }
  return static_cast<std::int64_t>(share ? value / 100 * static_cast<double>(rows) : value);
}

void check_failures(std::int64_t failed, std::int64_t limit, const std::vector<Failure>& known) {
  if (limit < 0 || failed <= limit) return;
  const std::vector<Kind> kinds = kinds_of(known);
  const std::string often = kinds.empty() ? "" : "; most often " + kinds[0].text + ", e.g. " + kinds[0].example;
  throw Error({.stage = "extract",
               .cause = std::to_string(failed) + " images failed, and --max-failures allows " + std::to_string(limit) +
                        one_line(often),
               .advice = "is this the right corpus?"});
}

}  // namespace pool3::jobs
