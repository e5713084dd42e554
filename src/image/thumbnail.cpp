#include <algorithm>
#include <cmath>

#include "pool3/image.hpp"

namespace pool3 {
namespace {

std::int64_t shrunk(std::int64_t length, std::int64_t longest, std::int64_t side) {
  return std::max<std::int64_t>(1, (length * side + longest / 2) / longest);
}

}  // namespace

std::vector<Cover> covers(std::int64_t from, std::int64_t to) {
  std::vector<Cover> all;
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  for (std::int64_t i = 0; i < to; ++i) {
    const double begin = static_cast<double>(i) * scale, end = static_cast<double>(i + 1) * scale;
    Cover cover{.first = static_cast<std::int64_t>(begin)};
    for (std::int64_t at = cover.first; at < from && static_cast<double>(at) < end; ++at) {
      const double share = std::min(end, static_cast<double>(at + 1)) - std::max(begin, static_cast<double>(at));
      cover.shares.push_back(share / scale);
    }
    all.push_back(std::move(cover));
  }
  return all;
}

Image thumbnail(const Image& picture, std::int64_t side) {
  const std::int64_t longest = std::max(picture.width, picture.height);
  if (longest <= side) return picture;
  Image small{shrunk(picture.width, longest, side), shrunk(picture.height, longest, side), {}};
  const std::vector<Cover> columns = covers(picture.width, small.width);
  small.pixels.reserve(static_cast<std::size_t>(small.width * small.height * 3));
  std::vector<float> line(static_cast<std::size_t>(picture.width * 3));
  for (const Cover& rows : covers(picture.height, small.height)) {
    std::ranges::fill(line, 0.0F);
    for (std::size_t r = 0; r < rows.shares.size(); ++r) {
      const auto share = static_cast<float>(rows.shares[r]);
      const auto* source = &picture.pixels[(static_cast<std::size_t>(rows.first) + r) * line.size()];
      for (std::size_t i = 0; i < line.size(); ++i) line[i] += share * static_cast<float>(source[i]);
    }
    for (const Cover& column : columns)
      for (std::size_t c = 0; c < 3; ++c) {
        float sum = 0;
        for (std::size_t i = 0; i < column.shares.size(); ++i)
          sum += static_cast<float>(column.shares[i]) * line[(static_cast<std::size_t>(column.first) + i) * 3 + c];
        small.pixels.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(sum), 0L, 255L)));
      }
  }
  return small;
}

}  // namespace pool3
