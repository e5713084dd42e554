#include "store/features/checked_blocks.hpp"

#include <fmt/format.h>

#include "store/features/value_checks.hpp"
#include "store/format_names.hpp"
#include "store/integrity/checksum.hpp"

namespace pool3::store {
namespace {

void find_damage(const Tables& t, std::int64_t first, std::span<const std::uint64_t> checksums,
                 std::span<const std::byte> features, BlockRun& run) {
  const auto width = static_cast<std::size_t>(t.features.row_bytes());
  for (std::size_t i = 0; i < checksums.size(); ++i) {
    const RowRange rows = t.block(first + static_cast<std::int64_t>(i));
    const auto at = static_cast<std::size_t>(rows.begin - run.rows.begin);
    const auto count = static_cast<std::size_t>(rows.size());
    const std::span<const std::byte> stored = features.subspan(at * width, count * width);
    const std::uint64_t actual = block_checksum(stored, std::span(run.keys).subspan(at * key_width, count * key_width),
                                                std::span(run.status).subspan(at, count));
    if (actual != checksums[i]) {
      run.damaged.push_back(rows);
    } else if (const std::int64_t row = first_not_finite(stored, t.type, t.features.row_bytes()); row >= 0) {
      run.not_finite.push_back(rows.begin + row);
    }
  }
}

}  // namespace

RowRange rows_of_blocks(const Tables& t, std::int64_t first, std::int64_t last) {
  if (first < 0 || first > last || last > t.blocks()) {
    throw error_at(t.file.place(), fmt::format("there are no blocks {} to {}", first, last));
  }
  if (first == last) return {};
  return {t.block(first).begin, t.block(last - 1).end};
}

BlockRun read_run(const Tables& t, std::int64_t first, std::int64_t last, std::span<std::byte> features) {
  BlockRun run;
  run.rows = rows_of_blocks(t, first, last);
  if (first == last) return run;
  const auto count = static_cast<std::size_t>(run.rows.size());
  run.keys.resize(count * key_width);
  run.status.resize(count);
  std::vector<std::uint64_t> checksums(static_cast<std::size_t>(last - first));
  t.features.read_bytes(run.rows, features);
  t.keys.read(run.rows, std::span(run.keys));
  t.status.read(run.rows, std::span(run.status));
  t.checksums.read({first, last}, std::span(checksums));
  find_damage(t, first, checksums, features, run);
  return run;
}

std::string rows_text(RowRange rows) { return fmt::format("rows {} to {}", rows.begin, rows.end - 1); }

}  // namespace pool3::store
