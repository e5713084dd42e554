#include "baselines/cnn/samples.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include "pool3/mpi/gather.hpp"
#include "pool3/numbers/mix.hpp"
#include "pool3/types.hpp"

namespace pool3::baselines {
namespace {

constexpr std::int64_t most_shift = 4;

}  // namespace

std::uint64_t mixed(std::uint64_t seed, std::uint64_t salt) { return mix(seed + 0x9e3779b97f4a7c15U * (salt + 1)); }

Samples gather_samples(const Communicator& comm, const BaselineRows& rows, std::span<const std::uint8_t> pixels) {
  const Problem& t = rows.training;
  const std::vector<std::int64_t> first = part_begins(comm, t.rows);
  const std::int64_t all = first.back(), begin = first[index(comm.rank())];
  std::vector<std::int64_t> numbers(index(all), 0), labels(index(all), 0);
  for (std::int64_t i = 0; i < t.rows; ++i) {
    numbers[index(begin + i)] = t.origin[index(i)];
    labels[index(begin + i)] = t.labels[index(i)];
  }
  comm.sum(std::span<std::int64_t>(numbers));
  comm.sum(std::span<std::int64_t>(labels));
  std::vector<std::int64_t> order(index(all));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::int64_t i) { return numbers[index(i)]; });
  // Bytes travel eight at a time: what one rank has, others have as 0.
  static_assert(picture_numbers % 8 == 0);
  std::vector<std::int64_t> words(index(all * picture_numbers / 8), 0);
  Samples samples;
  for (std::int64_t to = 0; to < all; ++to) {
    const std::int64_t at = order[index(to)];
    samples.labels.push_back(labels[index(at)]);
    if (at >= begin && at < begin + t.rows)
      std::memcpy(&words[index(to * picture_numbers / 8)], &pixels[index((at - begin) * picture_numbers)],
                  index(picture_numbers));
  }
  comm.sum(std::span<std::int64_t>(words));
  samples.pixels.resize(index(all * picture_numbers));
  std::memcpy(samples.pixels.data(), words.data(), samples.pixels.size());
  return samples;
}

Change random_change(std::uint64_t seed, std::int64_t epoch, std::int64_t sample) {
  const std::uint64_t random =
      mixed(mixed(seed, static_cast<std::uint64_t>(epoch)), static_cast<std::uint64_t>(sample));
  constexpr std::uint64_t places = 2 * most_shift + 1;
  return {(random & 1U) != 0, static_cast<std::int64_t>((random >> 8U) % places) - most_shift,
          static_cast<std::int64_t>((random >> 32U) % places) - most_shift};
}

void append_input(std::span<const std::uint8_t> picture, const Change& change, std::vector<float>& out) {
  for (std::int64_t c = 0; c < 3; ++c)
    for (std::int64_t y = 0; y < picture_side; ++y)
      for (std::int64_t x = 0; x < picture_side; ++x) {
        const std::int64_t from_y = std::clamp<std::int64_t>(y - change.down, 0, picture_side - 1);
        const std::int64_t moved = std::clamp<std::int64_t>(x - change.right, 0, picture_side - 1);
        const std::int64_t from_x = change.flip ? picture_side - 1 - moved : moved;
        out.push_back(static_cast<float>(picture[index((from_y * picture_side + from_x) * 3 + c)]) / 127.5F - 1);
      }
}

std::vector<std::int64_t> random_order(std::int64_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> order(index(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = count - 1; i > 0; --i)
    std::swap(order[index(i)], order[index(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(i + 1)))]);
  return order;
}

}  // namespace pool3::baselines
