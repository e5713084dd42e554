#include "commands/extract/display.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "commands/extract/failure_table.hpp"
#include "pool3/store/maintenance.hpp"

namespace pool3::jobs {
namespace {

std::string note_of(const FileProgress& progress) {
  return progress.failed == 0 ? "" : fmt::format("{} failed", progress.failed);
}

/// "rank 0: 812 images, 40.6/s; decode ..." with the same numbers as fields.
void print_rank(Log& log, std::size_t rank, const RankTally& tally, int threads) {
  const StageSeconds& s = tally.seconds;
  const double wall = std::max(tally.wall_seconds, 1e-9);
  const double waiting = std::max(0.0, wall * threads - s.decode - s.resize - s.network);
  const auto share = [&](double seconds) { return 100.0 * seconds / (wall * threads); };
  const auto seconds = [](double value) { return fmt::format("{:.3f}", value); };
  log.line("extract",
           fmt::format("rank {}: {} images, {:.1f}/s; decode {:.1f}%, resize {:.1f}%, network {:.1f}%, waiting {:.1f}% "
                       "of {} threads; beside them read {:.2f} s, write {:.2f} s",
                       rank, tally.images, static_cast<double>(tally.images) / wall, share(s.decode), share(s.resize),
                       share(s.network), share(waiting), threads, s.read, s.write),
           {{"rank", fmt::format("{}", rank)},
            {"images", fmt::format("{}", tally.images)},
            {"failed", fmt::format("{}", tally.failed)},
            {"read_seconds", seconds(s.read)},
            {"decode_seconds", seconds(s.decode)},
            {"resize_seconds", seconds(s.resize)},
            {"network_seconds", seconds(s.network)},
            {"waiting_seconds", seconds(waiting)},
            {"write_seconds", seconds(s.write)},
            {"cpu_seconds", seconds(tally.cpu_seconds)},
            {"wall_seconds", seconds(tally.wall_seconds)}});
}

/// Numbers of those with the fewest pictures a second, the slowest first.
std::vector<std::size_t> slowest_of(std::span<const RankTally> tallies, std::size_t most) {
  const auto rate = [&](std::size_t rank) {
    return static_cast<double>(tallies[rank].images) / std::max(tallies[rank].wall_seconds, 1e-9);
  };
  std::vector<std::size_t> ranks(tallies.size());
  std::iota(ranks.begin(), ranks.end(), std::size_t{0});
  std::ranges::stable_sort(ranks, {}, rate);
  ranks.resize(std::min(most, ranks.size()));
  return ranks;
}

}  // namespace

ExtractDisplay::ExtractDisplay(const Context& context, std::int64_t rows, std::int64_t before, std::int64_t limit)
    : context_(context), progress_(context.log, "extract", "images", rows, before), limit_(limit) {}

void ExtractDisplay::show(const FileProgress& progress) {
  progress_.failed = progress.failed;
  progress_.update(progress.done, note_of(progress));
  if (own_clock_.due()) measure(progress.own);
  if (context_.comm.is_root()) check_failures(progress.failed, limit_, progress.sample);
}

void ExtractDisplay::finish(const FileProgress& progress) {
  progress_.failed = progress.failed;
  progress_.finish(progress.done, note_of(progress));
  measure(progress.own);
}

void ExtractDisplay::measure(const RankTally& tally) const {
  if (context_.log.metrics() == nullptr) return;
  const double seconds = tally.wall_seconds;
  context_.log.metrics()->own("extract", {{"images", static_cast<double>(tally.images)},
                                          {"failed", static_cast<double>(tally.failed)},
                                          {"copied", static_cast<double>(tally.copied)},
                                          {"rate", seconds > 0 ? static_cast<double>(tally.images) / seconds : 0},
                                          {"read_seconds", tally.seconds.read},
                                          {"decode_seconds", tally.seconds.decode},
                                          {"resize_seconds", tally.seconds.resize},
                                          {"network_seconds", tally.seconds.network},
                                          {"write_seconds", tally.seconds.write},
                                          {"elapsed_seconds", seconds}});
}

void print_summary(const Context& context, const RankTally& tally, int threads) {
  const std::vector<RankTally> all = gather(context.comm, tally);
  constexpr std::size_t most = 16, most_slow = 4;  // lines of a log
  if (all.size() <= most) {
    for (std::size_t rank = 0; rank < all.size(); ++rank) print_rank(context.log, rank, all[rank], threads);
    return;
  }
  std::int64_t images = 0;
  double seconds = 1e-9;
  for (const RankTally& t : all) {
    images += t.images;
    seconds = std::max(seconds, t.wall_seconds);
  }
  context.log.line("extract", fmt::format("{} ranks: {} images, {:.1f}/s; the slowest ranks (--metrics has all):",
                                          all.size(), images, static_cast<double>(images) / seconds));
  for (const std::size_t rank : slowest_of(all, most_slow)) print_rank(context.log, rank, all[rank], threads);
}

void print_copies(const Context& context, const std::string& path) {
  const CopyCount found = count_copies(context.comm, path);
  if (found.copies == 0) return;
  context.comm.root_does([&] {
    const FeatureReader reader(path);
    const auto path_of = [&](Row row) { return one_line(reader.paths({row, row + 1}).at(0)); };
    const auto label_of = [&](Row row) {
      return one_line(reader.classes().at(static_cast<std::size_t>(reader.labels({row, row + 1}).at(0))));
    };
    const bool one = found.copies == 1;
    context.log.line("extract",
                     fmt::format("{} image{}: {} picture{} more than once, {} times {}", found.copies,
                                 one ? " is a copy" : "s are copies", found.pictures,
                                 found.pictures == 1 ? " occurs" : "s occur", found.most, path_of(found.example)));
    if (found.contradicted == 0) return;
    context.log.line("extract",
                     fmt::format("{} of these pictures ha{} different labels, e.g. {} ({}) and {} ({})",
                                 found.contradicted, found.contradicted == 1 ? "s" : "ve", path_of(found.contradiction),
                                 label_of(found.contradiction), path_of(found.other), label_of(found.other)));
  });
}

}  // namespace pool3::jobs
