#include "pool3/neighbours/sketches.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>

#include "neighbours/dot_products.hpp"
#include "neighbours/projection.hpp"
#include "neighbours/tiles.hpp"
#include "pool3/numbers/target_clones.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t lanes = 16;
using Codes [[gnu::vector_size(lanes), gnu::aligned(1), gnu::may_alias]] = std::int8_t;
using Vector [[gnu::vector_size(lanes * sizeof(float))]] = float;
using Loose [[gnu::vector_size(lanes * sizeof(float)), gnu::aligned(4), gnu::may_alias]] = float;

/// What sums of floats here, and numbers that were rounded to floats, are off by at most.
constexpr double sum_off = 2e-5, rest_off = 1e-6, product_off = 1e-6, least_off = 1e-12;

/// Squared distances of codes from `query` [components].
POOL3_TARGET_CLONES void code_squares(const std::int8_t* codes, std::int64_t rows, std::int64_t components,
                                      const float* query, const float* steps, float* out) {
  for (std::int64_t r = 0; r < rows; ++r, codes += components) {
    Vector sums = {};
    std::int64_t i = 0;
    for (; i + lanes <= components; i += lanes) {
      const Vector code = __builtin_convertvector(*reinterpret_cast<const Codes*>(codes + i), Vector);
      const Vector d = *reinterpret_cast<const Loose*>(query + i) - *reinterpret_cast<const Loose*>(steps + i) * code;
      sums += d * d;
    }
    float sum = 0;
    for (std::int64_t l = 0; l < lanes; ++l) sum += sums[l];
    for (; i < components; ++i) {
      const float d = query[i] - steps[i] * static_cast<float>(codes[i]);
      sum += d * d;
    }
    out[r] = sum;
  }
}

/// One row, divided by its length, in the terms of a basis.
struct Parts {
  std::vector<double> along;  ///< [rows, components]
  std::vector<double> rest;   ///< [rows]
  std::vector<double> lengths;
};

Parts parts_of(const SketchBasis& basis, const RowsView& rows) {
  Parts parts;
  std::vector<double> x = neighbours::unit_rows(rows, parts.lengths);
  const std::int64_t width = basis.width, k = basis.components;
  for (std::int64_t r = 0; r < rows.count(); ++r)
    for (std::int64_t i = 0; i < width; ++i) x[index(r * width + i)] -= basis.mean[index(i)];
  parts.along = neighbours::project(basis, x);
  for (std::int64_t r = 0; r < rows.count(); ++r) {
    double square = 0;
    for (std::int64_t i = 0; i < width; ++i) square += x[index(r * width + i)] * x[index(r * width + i)];
    for (std::int64_t i = 0; i < k; ++i) square -= parts.along[index(r * k + i)] * parts.along[index(r * k + i)];
    parts.rest.push_back(std::sqrt(std::max(square, 0.0)));
  }
  return parts;
}

void write_codes(const SketchBasis& basis, const Parts& parts, std::int64_t first, Sketches& out) {
  const std::int64_t k = basis.components;
  for (std::int64_t r = 0; r < std::ssize(parts.lengths); ++r) {
    double lost = 0;
    for (std::int64_t i = 0; i < k; ++i) {
      const double part = parts.along[index(r * k + i)];
      const auto step = static_cast<double>(basis.steps[index(i)]);
      const double code = std::clamp(std::round(part / step), -127.0, 127.0);
      out.codes[index((first + r) * k + i)] = static_cast<std::int8_t>(code);
      lost += (part - code * step) * (part - code * step);
    }
    out.lost[index(first + r)] = static_cast<float>(std::sqrt(lost) * (1 + 1e-6));
    out.rest[index(first + r)] = static_cast<float>(parts.rest[index(r)]);
    out.lengths[index(first + r)] = parts.lengths[index(r)];
  }
}

}  // namespace

std::vector<double> neighbours::unit_rows(const RowsView& rows, std::vector<double>& lengths) {
  std::vector<double> x(index(rows.count() * rows.width));
  std::vector<float> buffer;
  const float* floats = rows.floats.data();
  if (!rows.halves.empty()) {
    buffer.resize(rows.halves.size());
    to_floats(rows.halves.data(), std::ssize(rows.halves), buffer.data());
    floats = buffer.data();
  }
  for (std::int64_t r = 0; r < rows.count(); ++r) {
    const float* row = floats + r * rows.width;
    double square = 0;
    for (std::int64_t i = 0; i < rows.width; ++i) square += static_cast<double>(row[i]) * static_cast<double>(row[i]);
    const double length = std::sqrt(square), scale = length > 0 ? 1 / length : 0;
    for (std::int64_t i = 0; i < rows.width; ++i) x[index(r * rows.width + i)] = scale * static_cast<double>(row[i]);
    lengths.push_back(length);
  }
  return x;
}

std::vector<double> neighbours::project(const SketchBasis& basis, const std::vector<double>& rows) {
  const auto small = [](std::int64_t value) { return static_cast<int>(value); };  // of a tile, or a width
  const std::int64_t count = std::ssize(rows) / basis.width;
  std::vector<double> parts(index(count * basis.components));
  if (parts.empty()) return parts;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, small(count), small(basis.components), small(basis.width), 1,
              rows.data(), small(basis.width), basis.directions.data(), small(basis.width), 0, parts.data(),
              small(basis.components));
  return parts;
}

Sketches sketch(const SketchBasis& basis, const RowsView& rows, int threads) {
  take_single_products(std::max(threads, 1));
  const std::int64_t count = rows.count();
  Sketches all;
  all.codes.resize(index(count * basis.components));
  all.lost.resize(index(count));
  all.rest.resize(index(count));
  all.lengths.resize(index(count));
  run_pieces(std::max(threads, 1), count, neighbours::tile_rows, [&](std::int64_t begin, std::int64_t end) {
    const RowRange some{begin, end};
    write_codes(basis, parts_of(basis, rows.part(some)), some.begin, all);
  });
  return all;
}

std::vector<double> least_distances(const SketchBasis& basis, const Sketches& sketches, std::span<const float> query,
                                    Metric metric) {
  const Parts q = parts_of(basis, {.width = basis.width, .floats = query});
  const std::vector<float> along(q.along.begin(), q.along.end());
  const double length = q.lengths[0], rest = q.rest[0];
  std::vector<float> squares(index(sketches.rows()));
  code_squares(sketches.codes.data(), sketches.rows(), basis.components, along.data(), basis.steps.data(),
               squares.data());
  std::vector<double> least(squares.size());
  for (std::size_t i = 0; i < squares.size(); ++i) {
    const double codes = std::sqrt(static_cast<double>(squares[i])) * (1 - sum_off) - rest_off;
    const double inside = std::max(0.0, codes - static_cast<double>(sketches.lost[i]));
    const double outside = std::max(0.0, std::abs(rest - static_cast<double>(sketches.rest[i])) - rest_off);
    const double square = inside * inside + outside * outside;  // of the distance of rows of length 1
    if (metric == Metric::cosine) {
      least[i] = square / 2 * (1 - product_off) - least_off;
    } else {
      const double other = sketches.lengths[i], apart = length - other;
      least[i] = std::sqrt(apart * apart + length * other * square) * (1 - product_off) - least_off * (length + other);
    }
  }
  return least;
}

}  // namespace pool3
