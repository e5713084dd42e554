#include <vector>

#include "pool3/training.hpp"

namespace pool3 {

double spread_of(const FeatureReader& reader) {
  constexpr std::int64_t most_blocks = 32;
  const auto width = static_cast<std::size_t>(reader.width());
  const std::int64_t step = std::max<std::int64_t>(1, reader.blocks() / most_blocks);
  std::vector<double> sum(width, 0.0);
  double squares = 0, rows = 0;
  for (std::int64_t b = 0; b < reader.blocks(); b += step) {
    const auto status = reader.status(reader.block(b));
    std::vector<float> features(status.size() * width);
    reader.read_blocks(b, b + 1, features);
    for (std::size_t i = 0; i < status.size(); ++i) {
      if (status[i] != RowStatus::done) continue;
      ++rows;
      for (std::size_t f = 0; f < width; ++f) {
        const auto x = static_cast<double>(features[i * width + f]);
        sum[f] += x;
        squares += x * x;
      }
    }
  }
  for (const double s : sum) squares -= s * s / rows;
  return rows > 0 && squares > 0 ? squares / rows : 1;
}

}  // namespace pool3
