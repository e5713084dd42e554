#include "store/features/blocks.hpp"

#include "store/hdf5/half.hpp"
#include "store/integrity/checksum.hpp"
#include "store/layout.hpp"

namespace pool3::store {
namespace {

std::vector<RowRange> find_damage(const Tables& t, std::int64_t first, std::span<const std::uint64_t> checksums,
                                  std::span<const std::byte> features, const BlockRun& run) {
  const auto width = static_cast<std::size_t>(t.features.row_bytes());
  std::vector<RowRange> damaged;
  for (std::size_t i = 0; i < checksums.size(); ++i) {
    const RowRange rows = t.block(first + static_cast<std::int64_t>(i));
    const auto at = static_cast<std::size_t>(rows.begin - run.rows.begin);
    const auto count = static_cast<std::size_t>(rows.size());
    const std::uint64_t actual = block_checksum(features.subspan(at * width, count * width),
                                                std::span(run.keys).subspan(at * key_width, count * key_width),
                                                std::span(run.status).subspan(at, count));
    if (actual != checksums[i]) damaged.push_back(rows);
  }
  return damaged;
}

/// Reads rows into `out`; the bytes as they are stored, which are `out` or `halves`.
std::span<const std::byte> read_features(const Tables& t, RowRange rows, std::span<float> out,
                                         std::vector<std::byte>& halves) {
  if (static_cast<std::int64_t>(out.size()) != rows.size() * feature_dim) {
    throw error_at(t.file.place(), rows_text(rows) + " do not fit into " + std::to_string(out.size()) + " numbers");
  }
  if (t.type == FeatureType::float32) {
    t.features.read(rows, out);
    return std::as_bytes(out);
  }
  halves.resize(out.size() * 2);
  t.features.read_bytes(rows, halves);
  from_half(halves, out);
  return halves;
}

}  // namespace

BlockRun read_run(const Tables& t, std::int64_t first, std::int64_t last, std::span<float> features) {
  if (first < 0 || first > last || last > t.blocks()) {
    throw error_at(t.file.place(), "there are no blocks " + std::to_string(first) + " to " + std::to_string(last));
  }
  BlockRun run;
  if (first == last) return run;
  run.rows = {t.block(first).begin, t.block(last - 1).end};
  const auto count = static_cast<std::size_t>(run.rows.size());
  run.keys.resize(count * key_width);
  run.status.resize(count);
  std::vector<std::uint64_t> checksums(static_cast<std::size_t>(last - first));
  std::vector<std::byte> halves;
  const std::span<const std::byte> stored = read_features(t, run.rows, features, halves);
  t.keys.read(run.rows, std::span(run.keys));
  t.status.read(run.rows, std::span(run.status));
  t.checksums.read({first, last}, std::span(checksums));
  run.damaged = find_damage(t, first, checksums, stored, run);
  return run;
}

std::string rows_text(RowRange rows) {
  return "rows " + std::to_string(rows.begin) + " to " + std::to_string(rows.end - 1);
}

}  // namespace pool3::store
