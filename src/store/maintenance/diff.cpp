#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "pool3/partition.hpp"
#include "pool3/store/maintenance.hpp"

namespace pool3 {
namespace {

/// Cosines are counted in bins of this width, from -1 to 1.
constexpr std::int64_t bins = 200000;

/// One side of the comparison, read block by block.
class Side {
 public:
  explicit Side(std::string path) : path_(std::move(path)), reader_(path_) {}

  [[nodiscard]] const FeatureReader& reader() const { return reader_; }
  const std::string& path(Row row) { return paths_[near(row)]; }
  const ImageKey& key(Row row) { return keys_[near(row)]; }
  bool is_done(Row row) { return status_[near(row)] == RowStatus::done; }
  std::string_view class_of(Row row) {
    const std::int32_t label = labels_[near(row)];
    return label < 0 ? std::string_view() : reader_.classes()[static_cast<std::size_t>(label)];
  }
  /// Features of a row, its block's checksum checked.
  std::span<const float> features(Row row) {
    if (row < block_.begin || row >= block_.end) {
      const std::int64_t index = reader_.block_of(row);
      block_ = reader_.block(index);
      features_.resize(static_cast<std::size_t>(block_.size() * reader_.width()));
      reader_.read_blocks(index, index + 1, features_);
    }
    const auto width = static_cast<std::size_t>(reader_.width());
    return std::span<const float>(features_).subspan(static_cast<std::size_t>(row - block_.begin) * width, width);
  }
  /// The first row whose path is not below `path`.
  [[nodiscard]] Row lower_bound(const std::string& path) const {
    Row low = 0;
    Row high = reader_.rows();
    while (low < high) {
      const Row middle = low + (high - low) / 2;
      if (reader_.paths({middle, middle + 1}).front() < path) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

 private:
  /// Where a row is among those that are held; reads it and the rows after it if it is not.
  std::size_t near(Row row) {
    if (row < held_.begin || row >= held_.end) {
      const std::string before = row == held_.end && !paths_.empty() ? paths_.back() : std::string();
      held_ = {row, std::min(row + 1024, reader_.rows())};
      paths_ = reader_.paths(held_);
      check_order(before);
      keys_ = reader_.keys(held_);
      status_ = reader_.status(held_);
      labels_ = reader_.labels(held_);
    }
    return static_cast<std::size_t>(row - held_.begin);
  }

  /// Throws unless the held paths rise, from `before` on.
  void check_order(const std::string& before) const {
    const auto falls = std::ranges::adjacent_find(paths_, std::ranges::greater());
    if (before <= paths_.front() && falls == paths_.end()) return;
    throw Error({.stage = "compare features",
                 .path = path_,
                 .cause = fmt::format("rows {} to {}: paths are not in byte order", held_.begin, held_.end - 1),
                 .advice = "the file is damaged; make it again or restore it from a copy"});
  }

  std::string path_;
  FeatureReader reader_;
  RowRange held_;
  std::vector<std::string> paths_;
  std::vector<ImageKey> keys_;
  std::vector<RowStatus> status_;
  std::vector<std::int32_t> labels_;
  RowRange block_;
  std::vector<float> features_;
};

double cosine(std::span<const float> a, std::span<const float> b) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  if (aa == 0 && bb == 0) return 1;
  return aa == 0 || bb == 0 ? 0 : std::clamp(ab / std::sqrt(aa * bb), -1.0, 1.0);
}

/// One rank's findings.
struct Counts {
  bool features = true;
  DiffReport report;
  double sum = 0;
  std::vector<std::int64_t> histogram = std::vector<std::int64_t>(bins, 0);

  void add(double value, const std::string& path) {
    ++report.compared;
    sum += value;
    ++histogram[static_cast<std::size_t>(std::min<double>((value + 1) / 2 * static_cast<double>(bins), bins - 1))];
    if (report.least_path.empty() || value < report.least) {
      report.least = value;
      report.least_path = path;
    }
  }
};

void compare_row(Side& a, Row i, Side& b, Row j, Counts& counts) {
  DiffReport& r = counts.report;
  if (a.class_of(i) != b.class_of(j)) ++r.relabelled;
  if (!a.is_done(i)) ++r.failed_a;
  if (!a.is_done(i) && b.is_done(j)) ++r.newly_done;
  const bool changed = a.key(i) != b.key(j);
  if (!b.is_done(j)) {
    ++r.failed_b;
    if (changed) ++r.changed_failed;
    if (changed || a.is_done(i)) ++r.newly_failed;
  }
  if (changed) {
    ++r.changed;
  } else if (counts.features && a.is_done(i) && b.is_done(j)) {
    counts.add(cosine(a.features(i), b.features(j)), a.path(i));
  }
}

void remove_row(Side& a, Row i, Counts& counts) {
  ++counts.report.removed;
  if (!a.is_done(i)) ++counts.report.failed_a;
}

void add_row(Side& b, Row j, Counts& counts) {
  DiffReport& r = counts.report;
  ++r.added;
  if (b.is_done(j)) return;
  ++r.failed_b;
  ++r.added_failed;
  ++r.newly_failed;
}

/// Merges rows of `a` with those rows of `b` whose paths lie between.
void merge(Side& a, RowRange rows_a, Side& b, RowRange rows_b, Counts& counts) {
  Row i = rows_a.begin;
  Row j = rows_b.begin;
  while (i < rows_a.end && j < rows_b.end) {
    const int order = a.path(i).compare(b.path(j));
    if (order == 0) compare_row(a, i, b, j, counts);
    if (order < 0) remove_row(a, i, counts);
    if (order > 0) add_row(b, j, counts);
    i += order <= 0 ? 1 : 0;
    j += order >= 0 ? 1 : 0;
  }
  for (; i < rows_a.end; ++i) remove_row(a, i, counts);
  for (; j < rows_b.end; ++j) add_row(b, j, counts);
}

void compare_share(const Communicator& comm, Side& a, Side& b, Counts& counts) {
  const RowRange mine = even_share(a.reader().rows(), comm.size(), comm.rank());
  if (mine.size() == 0 && comm.rank() > 0) return;
  const Row from = mine.begin == 0 ? 0 : b.lower_bound(a.path(mine.begin));
  const bool last = mine.end == a.reader().rows();
  merge(a, mine, b, {from, last ? b.reader().rows() : b.lower_bound(a.path(mine.end))}, counts);
}

double quantile(const std::vector<std::int64_t>& histogram, std::int64_t total, double share) {
  std::int64_t below = 0;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    below += histogram[i];
    if (static_cast<double>(below) >= share * static_cast<double>(total) && below > 0) {
      return static_cast<double>(i + 1) / static_cast<double>(bins) * 2 - 1;
    }
  }
  return 1;
}

void add_up(const Communicator& comm, Counts& counts) {
  DiffReport& r = counts.report;
  std::array<std::int64_t*, 11> numbers = {&r.added,          &r.removed,    &r.changed,      &r.relabelled,
                                           &r.failed_a,       &r.failed_b,   &r.newly_failed, &r.added_failed,
                                           &r.changed_failed, &r.newly_done, &r.compared};
  for (std::int64_t* number : numbers) *number = comm.sum(*number);
  comm.sum(std::span<std::int64_t>(counts.histogram));
  r.mean = r.compared > 0 ? comm.sum(counts.sum) / static_cast<double>(r.compared) : 0;
  const double least = -comm.max(-r.least);
  const auto paths = comm.gather(r.least == least ? r.least_path : std::string());
  const auto first = std::ranges::find_if(paths, [](const std::string& path) { return !path.empty(); });
  if (first != paths.end()) r.least_path = *first;
  r.least = least;
  for (std::size_t i = 0; i < r.quantiles.size(); ++i) {
    r.quantiles.at(i) = quantile(counts.histogram, r.compared, DiffReport::quantile_shares.at(i));
  }
}

}  // namespace

DiffReport diff_features(const Communicator& comm, const std::string& a, const std::string& b, bool features) {
  Counts counts;
  counts.features = features;
  std::optional<Side> left;
  std::optional<Side> right;
  comm.all_do([&] {
    left.emplace(a);
    right.emplace(b);
    const std::string width = width_difference(right->reader().width(), left->reader().width());
    if (features && !width.empty())
      throw Error(
          {.stage = "compare features", .path = b, .cause = fmt::format("can't be compared with {}: {}", a, width)});
    left->reader().check_tables(comm.rank(), comm.size(), FeatureReader::WithPaths::yes);
    right->reader().check_tables(comm.rank(), comm.size(), FeatureReader::WithPaths::yes);
  });
  counts.report.rows_a = left->reader().rows();
  counts.report.rows_b = right->reader().rows();
  counts.report.kind = kind_difference(left->reader().provenance(), right->reader().provenance());
  comm.all_do([&] { compare_share(comm, *left, *right, counts); });
  add_up(comm, counts);
  return counts.report;
}

}  // namespace pool3
