#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "map/affinities.hpp"
#include "map/class_sample.hpp"
#include "map/exact_neighbours.hpp"
#include "map/geometric_median.hpp"
#include "map/map_quality.hpp"
#include "map/principal_components.hpp"
#include "map/row_panels.hpp"
#include "map/tsne.hpp"
#include "pool3/error.hpp"
#include "pool3/map.hpp"
#include "pool3/threads.hpp"

namespace pool3 {
namespace {

using map::index;
using map::Matrix;
using map::Plane;

constexpr std::int64_t most_components = 50;
constexpr double start_deviation = 1e-4;
/// Of the start, so that copies of a picture don't lie on each other.
constexpr double jitter = 1e-6;
constexpr std::int64_t placing_neighbours = 10;
constexpr std::int64_t all_are_judged = 5000, judged_rows = 2000, judged_of_many = 500, many_rows = 200'000;
constexpr std::int64_t least_most = 100;
constexpr std::int64_t most_in_full = 20'000, most_floats_in_full = std::int64_t{1} << 27;
constexpr int most_steps = 100'000;

/// The first two components, as narrow as t-SNE likes to start.
Plane start_of(const Matrix& components, std::uint64_t seed) {
  const std::int64_t rows = components.rows();
  const auto second = components.cols() > 1 ? components.col(1).eval() : Eigen::VectorXf::Zero(rows).eval();
  const double deviation = std::sqrt(components.col(0).cast<double>().squaredNorm() / static_cast<double>(rows));
  const double scale = deviation > 0 ? start_deviation / deviation : 0;
  const auto shaken = [&](float value, std::uint64_t number) {
    const double uniform = static_cast<double>(map::mixed(seed, number) >> 11U) * 0x1p-52 - 1;
    return static_cast<float>(scale * static_cast<double>(value) + jitter * uniform);
  };
  Plane start;
  for (std::int64_t i = 0; i < rows; ++i) {
    start.x.push_back(shaken(components(i, 0), 2 * static_cast<std::uint64_t>(i)));
    start.y.push_back(shaken(second[i], 2 * static_cast<std::uint64_t>(i) + 1));
  }
  return start;
}

Matrix rows_of(const Matrix& all, const std::vector<std::int64_t>& wanted) {
  Matrix some(std::ssize(wanted), all.cols());
  for (std::size_t i = 0; i < wanted.size(); ++i) some.row(static_cast<Eigen::Index>(i)) = all.row(wanted[i]);
  return some;
}

/// What make_map() does, in order.
class Maker {
 public:
  Maker(const FeatureReader& reader, const MapOptions& options, const std::function<void(const MapProgress&)>& progress)
      : reader_(reader), options_(options), progress_(progress), rows_(map::done_rows(reader)) {
    if (std::ssize(rows_) < least_map_rows)
      throw Error({.stage = "map",
                   .cause = fmt::format("{} rows with features, and a map needs {}", rows_.size(), least_map_rows)});
    reader.check_tables(0, 1);
    take_single_products(std::max(options_.threads, 1));
    laid_out_ = map::sample_classes(labels(), options.most, options.seed);
    perplexity_ = std::min(options.perplexity, static_cast<double>(laid_out_.size() - 1) / 3);
  }

  CatalogueMap make() {
    find_components();
    lay_out();
    place_others();
    return judge();
  }

 private:
  [[nodiscard]] std::vector<std::int32_t> labels() const {
    const auto all = reader_.labels();
    std::vector<std::int32_t> found;
    for (const Row row : rows_) found.push_back(all[index(row)]);
    return found;
  }

  [[nodiscard]] map::Show show(const char* stage) const {
    return [this, stage](std::int64_t done, std::int64_t total) {
      if (progress_) progress_({stage, done, total});
    };
  }

  [[nodiscard]] std::vector<Row> laid_out_rows() const {
    std::vector<Row> some;
    for (const std::int64_t i : laid_out_) some.push_back(rows_[index(i)]);
    return some;
  }

  /// True if neighbours are those of all features: little is lost with 50 components, but it shows.
  [[nodiscard]] bool in_full() const {
    return std::ssize(laid_out_) <= most_in_full && std::ssize(laid_out_) * reader_.width() <= most_floats_in_full;
  }

  void find_components() {
    const std::vector<Row> some = laid_out_rows();
    const std::int64_t most = std::min({most_components, reader_.width(), std::ssize(some) - 1});
    const auto found = map::principal_components(reader_, some, most, options_.threads, show("components"));
    components_ = map::project(reader_, rows_, found, options_.threads, show("projection"));
  }

  void lay_out() {
    const Matrix some = rows_of(components_, laid_out_);
    const Matrix compared = in_full() ? map::features_of(reader_, laid_out_rows()) : Matrix();
    const Matrix& among = in_full() ? compared : some;
    const auto k = std::clamp<std::int64_t>(std::llround(3 * perplexity_), 1, some.rows() - 1);
    const auto near = map::nearest_rows(among, among, k, map::Queries::same, options_.threads, show("neighbours"));
    const auto affinities = map::affinities(near, perplexity_, options_.threads);
    const Plane found = map::lay_out(affinities, start_of(some, options_.seed),
                                     {.steps = options_.steps, .threads = options_.threads}, show("layout"));
    plane_.x.assign(rows_.size(), 0.0F);
    plane_.y.assign(rows_.size(), 0.0F);
    for (std::size_t i = 0; i < laid_out_.size(); ++i) {
      plane_.x[index(laid_out_[i])] = found.x[i];
      plane_.y[index(laid_out_[i])] = found.y[i];
    }
  }

  /// In the middle of the most of their nearest neighbours.
  void place_others() {
    if (laid_out_.size() == rows_.size()) return;
    std::vector<std::int64_t> others;
    for (std::int64_t i = 0, next = 0; i < std::ssize(rows_); ++i) {
      const bool is_laid_out = next < std::ssize(laid_out_) && laid_out_[index(next)] == i;
      is_laid_out ? ++next : (others.push_back(i), next);
    }
    const std::int64_t k = std::min(placing_neighbours, std::ssize(laid_out_));
    const auto near = map::nearest_rows(rows_of(components_, others), rows_of(components_, laid_out_), k,
                                        map::Queries::others, options_.threads, show("placing"));
    std::vector<map::Point> places(index(k));
    for (std::size_t i = 0; i < others.size(); ++i) {
      for (std::size_t j = 0; j < index(k); ++j) {
        const std::size_t at = index(laid_out_[index(near.rows[i * index(k) + j])]);
        places[j] = {plane_.x[at], plane_.y[at]};
      }
      const map::Point middle = map::geometric_median(places);
      plane_.x[index(others[i])] = middle.x;
      plane_.y[index(others[i])] = middle.y;
    }
  }

  [[nodiscard]] Plane first_two_components() const {
    Plane plane{std::vector<float>(rows_.size()), std::vector<float>(rows_.size(), 0.0F)};
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      plane.x[i] = components_(static_cast<Eigen::Index>(i), 0);
      if (components_.cols() > 1) plane.y[i] = components_(static_cast<Eigen::Index>(i), 1);
    }
    return plane;
  }

  CatalogueMap judge() {
    std::int64_t count = std::ssize(rows_) > many_rows ? judged_of_many : judged_rows;
    if (std::ssize(rows_) <= all_are_judged) count = all_are_judged;
    const std::vector<std::int32_t> alike(rows_.size(), 0);
    const auto judged = map::sample_classes(alike, count, options_.seed + 1);
    const Plane pca = first_two_components();
    const auto found = map::qualities(reader_, rows_, judged, {&plane_, &pca}, options_.threads, show("quality"));
    CatalogueMap made{.rows = rows_,
                      .method = map::is_exact(std::ssize(laid_out_)) ? "t-SNE, exact" : "t-SNE, interpolated",
                      .perplexity = perplexity_,
                      .steps = options_.steps,
                      .seed = options_.seed,
                      .laid_out = std::ssize(laid_out_),
                      .judged = std::ssize(judged),
                      .quality = found[0],
                      .pca = found[1],
                      .features = reader_.provenance()};
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      made.positions.push_back(plane_.x[i]);
      made.positions.push_back(plane_.y[i]);
    }
    return made;
  }

  const FeatureReader& reader_;
  const MapOptions& options_;
  const std::function<void(const MapProgress&)>& progress_;
  std::vector<Row> rows_;
  std::vector<std::int64_t> laid_out_;  ///< indices into rows_, rising
  double perplexity_ = 0;
  Matrix components_;  ///< [rows, 50 or fewer]
  Plane plane_;
};

}  // namespace

void check(const MapOptions& o) {
  if (!(o.perplexity > 0) || !std::isfinite(o.perplexity)) throw usage_error("--perplexity must be above 0");
  if (o.steps < 1 || o.steps > most_steps)
    throw usage_error(fmt::format("--steps must be between 1 and {}", most_steps));
  if (o.most < least_most) throw usage_error(fmt::format("--most must be at least {}", least_most));
}

CatalogueMap make_map(const FeatureReader& reader, const MapOptions& options,
                      const std::function<void(const MapProgress&)>& progress) {
  check(options);
  return Maker(reader, options, progress).make();
}

}  // namespace pool3
