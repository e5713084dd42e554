#include "neighbours/tiles.hpp"

#include <cblas.h>

#include "neighbours/dot_products.hpp"

namespace pool3::neighbours {

void FloatTile::load(const RowsView& rows) {
  count_ = rows.count();
  rows_ = rows.floats.data();
  if (!rows.halves.empty()) {
    buffer_.resize(rows.halves.size());
    to_floats(rows.halves.data(), std::ssize(rows.halves), buffer_.data());
    rows_ = buffer_.data();
  }
  squares_.resize(static_cast<std::size_t>(count_));
  for (std::int64_t i = 0; i < count_; ++i) {
    const float* row = rows_ + i * rows.width;
    float unused = 0;
    dot_kernels().front().of_floats({.queries = row,
                                     .count_queries = 1,
                                     .rows = row,
                                     .count_rows = 1,
                                     .width = rows.width,
                                     .products = &unused,
                                     .stride = 1,
                                     .squares = squares_.data() + i});
  }
}

void multiply(const float* a, std::int64_t m, const float* b, std::int64_t n, std::int64_t width, float* out) {
  const auto small = [](std::int64_t value) { return static_cast<int>(value); };  // of a tile, or a width
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, small(m), small(n), small(width), 1, a, small(width), b,
              small(width), 0, out, small(n));
}

}  // namespace pool3::neighbours
