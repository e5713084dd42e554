#include "extract_report.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

namespace pool3::jobs {

void print_dry_run(const Manifest& manifest, int ranks, int batch) {
  std::map<std::int32_t, std::int64_t> counts;
  double bytes = 0;
  for (std::int64_t i = 0; i < manifest.size(); ++i) {
    ++counts[manifest.labels[static_cast<std::size_t>(i)]];
    bytes += static_cast<double>(std::max<std::int64_t>(manifest.bytes[static_cast<std::size_t>(i)], 0));
  }
  const auto rows = static_cast<double>(manifest.size());
  std::printf(
      "images        %lld (%s)\nclasses       %zu\nfeature file  %s\nblocks        %lld of %d rows, handed out to %d "
      "ranks\n",
      static_cast<long long>(manifest.size()), bytes_text(bytes).c_str(), manifest.classes.size(),
      bytes_text(rows * (feature_dim * 4 + 128)).c_str(), static_cast<long long>((manifest.size() + batch - 1) / batch),
      batch, ranks);
  for (const auto& [label, count] : counts)
    std::printf("%10lld  %s\n", static_cast<long long>(count),
                label < 0 ? "(no label)" : manifest.classes[static_cast<std::size_t>(label)].c_str());
}

void print_summary(const Context& context, const RankTally& tally, int threads) {
  nlohmann::json mine = {tally.images,         tally.failed,          tally.seconds.read, tally.seconds.decode,
                         tally.seconds.resize, tally.seconds.network, tally.write,        tally.wall};
  const auto all = context.comm.gather(mine.dump());
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const auto v = nlohmann::json::parse(all[rank]).get<std::vector<double>>();
    const double wall = std::max(v[7], 1e-9);
    const auto part = [&](double s) { return fixed(100.0 * s / (wall * threads), 1) + "%"; };
    context.log.line("extract",
                     "rank " + std::to_string(rank) + ": " + fixed(v[0], 0) + " images, " + fixed(v[0] / wall, 1) +
                         "/s; read " + part(v[2]) + ", decode " + part(v[3]) + ", resize " + part(v[4]) + ", network " +
                         part(v[5]) + " of " + std::to_string(threads) + " threads; write " + fixed(v[6], 2) + " s",
                     {{"rank", std::to_string(rank)},
                      {"images", fixed(v[0], 0)},
                      {"failed", fixed(v[1], 0)},
                      {"read_seconds", fixed(v[2], 3)},
                      {"decode_seconds", fixed(v[3], 3)},
                      {"resize_seconds", fixed(v[4], 3)},
                      {"network_seconds", fixed(v[5], 3)},
                      {"write_seconds", fixed(v[6], 3)},
                      {"wall_seconds", fixed(v[7], 3)}});
  }
}

void print_failures(Log& log, const std::vector<Failure>& failures) {
  std::map<std::string, std::pair<int, std::string>> kinds;
  for (const auto& f : failures) {
    auto& kind = kinds[std::string(to_string(f.status)) + ": " + f.message];
    if (kind.first++ == 0) kind.second = f.path;
  }
  std::vector<std::pair<std::string, std::pair<int, std::string>>> sorted(kinds.begin(), kinds.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.first > b.second.first; });
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(most, sorted.size()); ++i)
    log.line("extract", std::to_string(sorted[i].second.first) + " failed, " + sorted[i].first + ", e.g. " +
                            sorted[i].second.second);
  if (sorted.size() > most)
    log.line("extract", "and " + std::to_string(sorted.size() - most) + " other kinds; see /failures in the file");
}

}  // namespace pool3::jobs
