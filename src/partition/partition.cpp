#include "pool3/partition.hpp"

#include <algorithm>

#include "pool3/numbers/mix.hpp"

namespace pool3 {
namespace {

constexpr std::uint64_t split_salt = 1;
constexpr std::uint64_t fold_salt = 2;

}  // namespace

std::int64_t block_count(std::int64_t rows, std::int64_t block_rows) { return (rows + block_rows - 1) / block_rows; }

RowRange block_range(std::int64_t rows, std::int64_t block_rows, std::int64_t index) {
  const Row begin = index * block_rows;
  return {begin, std::min(begin + block_rows, rows)};
}

RowRange even_share(std::int64_t rows, std::int64_t parts, std::int64_t part) {
  const std::int64_t base = rows / parts;
  const std::int64_t extra = rows % parts;
  const Row begin = part * base + std::min(part, extra);
  return {begin, begin + base + (part < extra ? 1 : 0)};
}

double key_uniform(std::uint64_t seed, const ImageKey& key, std::uint64_t salt) {
  const std::uint64_t h = mix(mix(mix(seed + 0x9e3779b97f4a7c15U * salt) ^ key.high) ^ key.low);
  return static_cast<double>(h >> 11U) * 0x1.0p-53;
}

bool is_test_row(std::uint64_t seed, const ImageKey& key, double test_fraction) {
  return key_uniform(seed, key, split_salt) < test_fraction;
}

int fold_of(std::uint64_t seed, const ImageKey& key, int folds) {
  return static_cast<int>(key_uniform(seed, key, fold_salt) * folds);
}

}  // namespace pool3
