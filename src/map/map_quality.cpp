#include "map/map_quality.hpp"

#include <algorithm>
#include <utility>

#include "map/row_panels.hpp"
#include "pool3/threads.hpp"

namespace pool3::map {
namespace {

constexpr std::int64_t judged_of_a_piece = 64;

using Near = std::pair<float, std::int64_t>;  ///< squared distance, row

/// Keeps the `most` nearest of what is offered, in order.
void offer(std::vector<Near>& nearest, std::size_t most, Near candidate) {
  if (nearest.size() == most && !(candidate < nearest.back())) return;
  nearest.insert(std::ranges::upper_bound(nearest, candidate), candidate);
  if (nearest.size() > most) nearest.pop_back();
}

std::vector<std::int64_t> nearest_in(const Plane& plane, std::int64_t of, std::size_t k) {
  std::vector<Near> nearest;
  const float x = plane.x[index(of)], y = plane.y[index(of)];
  for (std::int64_t j = 0; j < std::ssize(plane.x); ++j) {
    const float dx = plane.x[index(j)] - x, dy = plane.y[index(j)] - y;
    if (j != of) offer(nearest, k, {dx * dx + dy * dy, j});
  }
  std::vector<std::int64_t> rows;
  rows.reserve(nearest.size());
  for (const Near& n : nearest) rows.push_back(n.second);
  std::ranges::sort(rows);
  return rows;
}

/// One judged row: its neighbours by features, and where its neighbours in each plane stand in the order by features.
struct Judged {
  std::int64_t row = 0;
  std::vector<Near> nearest;                        ///< by features
  std::vector<std::vector<std::int64_t>> in_plane;  ///< [planes] rows, rising
  std::vector<std::vector<float>> squares;          ///< [planes] of those, by features
  std::vector<std::vector<std::int64_t>> nearer;    ///< [planes] how many rows are nearer than each
};

class Judge {
 public:
  Judge(const FeatureReader& reader, const std::vector<Row>& rows, const std::vector<std::int64_t>& judged, int threads)
      : reader_(reader), rows_(rows), threads_(threads), k_(std::min<std::int64_t>(10, (std::ssize(rows) - 1) / 2)) {
    std::vector<Row> wanted;
    wanted.reserve(judged.size());
    for (const std::int64_t i : judged) wanted.push_back(rows[index(i)]);
    x_ = features_of(reader, wanted);
    mean_ = x_.colwise().mean();  // centred, so that differences of large numbers lose nothing
    x_.rowwise() -= mean_;
    norms_ = x_.rowwise().squaredNorm();
    for (const std::int64_t i : judged) all_.push_back({.row = i});
  }

  void look_at(const std::vector<const Plane*>& planes) {
    run_tasks(threads_, std::ssize(all_), [&](std::int64_t i) {
      Judged& one = all_[index(i)];
      for (const Plane* plane : planes) one.in_plane.push_back(nearest_in(*plane, one.row, index(k_)));
      one.squares.assign(planes.size(), std::vector<float>(index(k_), 0.0F));
      one.nearer.assign(planes.size(), std::vector<std::int64_t>(index(k_), 0));
    });
  }

  /// Calls `use(judged row, squares, first row, count)` for the distances of each judged row to all rows. The same
  /// numbers each time.
  template <typename Use>
  void for_each_distance(Use&& use, const Show& show, std::int64_t before) {
    for_each_panel(reader_, rows_, [&](const Panel& panel) {
      const Matrix x = View(panel.x, panel.count, reader_.width()).rowwise() - mean_;
      const Eigen::RowVectorXf norms = x.rowwise().squaredNorm().transpose();
      run_pieces(threads_, std::ssize(all_), judged_of_a_piece, [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t count = end - begin;
        Matrix squares = -2 * x_.middleRows(begin, count) * x.transpose();
        squares.rowwise() += norms;
        for (std::int64_t i = 0; i < count; ++i) {
          squares.row(i).array() += norms_[begin + i];
          use(all_[index(begin + i)], squares.row(i).data(), panel.first, panel.count);
        }
      });
      if (show) show(before + panel.first + panel.count, 2 * std::ssize(rows_));
    });
  }

  void find_neighbours(const Show& show) {
    for_each_distance(
        [&](Judged& one, const float* squares, std::int64_t first, std::int64_t count) {
          for (std::int64_t j = 0; j < count; ++j)
            if (first + j != one.row) offer(one.nearest, index(k_), {squares[j], first + j});
          for (std::size_t p = 0; p < one.in_plane.size(); ++p)
            for (std::size_t m = 0; m < index(k_); ++m) {
              const std::int64_t other = one.in_plane[p][m] - first;
              if (other >= 0 && other < count) one.squares[p][m] = squares[other];
            }
        },
        show, 0);
  }

  void count_nearer(const Show& show) {
    for_each_distance(
        [&](Judged& one, const float* squares, std::int64_t first, std::int64_t count) {
          for (std::size_t p = 0; p < one.in_plane.size(); ++p)
            for (std::size_t m = 0; m < index(k_); ++m) {
              const float bound = one.squares[p][m];
              std::int64_t nearer = 0;
              for (std::int64_t j = 0; j < count; ++j) nearer += squares[j] < bound ? 1 : 0;
              const std::int64_t self = one.row - first;
              if (self >= 0 && self < count && squares[self] < bound) --nearer;
              one.nearer[p][m] += nearer;
            }
        },
        show, std::ssize(rows_));
  }

  [[nodiscard]] MapQuality of(std::size_t plane) const {
    double kept = 0, penalty = 0;
    for (const Judged& one : all_) {
      for (const Near& near : one.nearest) kept += std::ranges::binary_search(one.in_plane[plane], near.second) ? 1 : 0;
      for (const std::int64_t nearer : one.nearer[plane])
        penalty += static_cast<double>(std::max<std::int64_t>(0, nearer + 1 - k_));
    }
    const auto n = static_cast<double>(rows_.size()), k = static_cast<double>(k_), m = static_cast<double>(all_.size());
    const double worst = m * k * (2 * n - 3 * k - 1) / 2;
    return {.trustworthiness = std::clamp(1 - penalty / worst, 0.0, 1.0), .neighbours_kept = kept / (m * k)};
  }

 private:
  const FeatureReader& reader_;
  const std::vector<Row>& rows_;
  int threads_;
  std::int64_t k_;
  Matrix x_;
  Eigen::RowVectorXf mean_;
  Eigen::VectorXf norms_;
  std::vector<Judged> all_;
};

}  // namespace

std::vector<MapQuality> qualities(const FeatureReader& reader, const std::vector<Row>& rows,
                                  const std::vector<std::int64_t>& judged, const std::vector<const Plane*>& planes,
                                  int threads, const Show& show) {
  Judge judge(reader, rows, judged, threads);
  judge.look_at(planes);
  judge.find_neighbours(show);
  judge.count_nearer(show);
  std::vector<MapQuality> found;
  for (std::size_t p = 0; p < planes.size(); ++p) found.push_back(judge.of(p));
  return found;
}

}  // namespace pool3::map
