#include <algorithm>
#include <cmath>
#include <future>
#include <numeric>

#include "neighbours/tile_pairs.hpp"

namespace pool3 {
namespace {

using neighbours::Chunk;
using neighbours::Pairs;
using Show = std::function<void(std::int64_t done, std::int64_t total)>;

NeighbourTable in_memory(const RowsView& rows, const NearestOptions& options, Pairs::Share share) {
  std::vector<Row> numbers(static_cast<std::size_t>(rows.count()));
  std::iota(numbers.begin(), numbers.end(), Row{0});
  const Chunk all{rows, numbers};
  Pairs pairs(0, rows.count(), Pairs::Itself::is_no_answer, options);
  pairs.set(all);
  pairs.compare(all, all, share);
  return pairs.table();
}

/// Pieces [first, last), and the rows of them that count: [begin, begin + count).
struct Plan {
  std::int64_t first = 0, last = 0;
  Row begin = 0;
  std::int64_t count = 0;
};

/// Pieces that fit into memory together. Those in which nothing counts are left out.
std::vector<Plan> plan_chunks(const RowsElsewhere& rows, std::int64_t chunk_bytes) {
  std::vector<Plan> plans;
  Plan next;
  std::int64_t bytes = 0;
  const auto end_chunk = [&](std::int64_t piece) {
    if (next.count > 0) plans.push_back(next);
    next = {.first = piece, .last = piece, .begin = next.begin + next.count};
    bytes = 0;
  };
  for (std::int64_t p = 0; p < std::ssize(rows.pieces); ++p) {
    const RowRange& piece = rows.pieces[static_cast<std::size_t>(p)];
    if (bytes > 0 && bytes + piece.size() * rows.row_bytes > chunk_bytes) end_chunk(p);
    bytes += piece.size() * rows.row_bytes;
    next.last = p + 1;
    for (Row row = piece.begin; row < piece.end; ++row)
      next.count += rows.numbers[static_cast<std::size_t>(row)] >= 0 ? 1 : 0;
  }
  end_chunk(0);
  return plans;
}

/// Rows of a chunk that count, alone.
struct Loaded {
  RowBuffer buffer;
  std::vector<Row> numbers;
  [[nodiscard]] Chunk chunk() const { return {buffer.view(), numbers}; }
};

template <typename Number>
void move_row(std::vector<Number>& rows, std::int64_t width, std::int64_t from, std::int64_t to) {
  if (rows.empty() || from == to) return;
  std::copy_n(rows.begin() + from * width, width, rows.begin() + to * width);
}

Loaded load(const RowsElsewhere& rows, const Plan& plan) {
  Loaded loaded{.buffer = rows.read(plan.first, plan.last), .numbers = {}};
  const Row begin = rows.pieces[static_cast<std::size_t>(plan.first)].begin;
  const Row end = rows.pieces[static_cast<std::size_t>(plan.last - 1)].end;
  RowBuffer& buffer = loaded.buffer;
  for (Row row = begin; row < end; ++row) {
    const Row number = rows.numbers[static_cast<std::size_t>(row)];
    if (number < 0) continue;
    move_row(buffer.floats, buffer.width, row - begin, std::ssize(loaded.numbers));
    move_row(buffer.halves, buffer.width, row - begin, std::ssize(loaded.numbers));
    loaded.numbers.push_back(number);
  }
  const auto left = loaded.numbers.size() * static_cast<std::size_t>(buffer.width);
  if (!buffer.floats.empty()) buffer.floats.resize(left);
  if (!buffer.halves.empty()) buffer.halves.resize(left);
  return loaded;
}

/// Chunks [first, last), whose rows are asked for in one table.
struct Band {
  std::size_t first = 0, last = 0;
  std::int64_t count = 0;  ///< rows
};

std::vector<Band> plan_bands(const std::vector<Plan>& plans, std::int64_t most_rows) {
  std::vector<Band> bands;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (bands.empty() || bands.back().count + plans[i].count > most_rows) bands.push_back({i, i, 0});
    bands.back().last = i + 1;
    bands.back().count += plans[i].count;
  }
  return bands;
}

/// Chunk `one` is read, to be compared with itself and with the `others`, each read in turn.
struct Visit {
  std::size_t one = 0;
  std::vector<std::size_t> others;
};

/// Of each pair of chunks of the band one visit, and one of each of its chunks with each that is not of it.
std::vector<Visit> plan_visits(const Band& band, std::size_t chunks) {
  std::vector<Visit> visits;
  for (std::size_t one = band.first; one < band.last; ++one) {
    Visit visit{one, {}};
    for (std::size_t other = 0; other < chunks; ++other)
      if (other > one || other < band.first) visit.others.push_back(other);
    visits.push_back(std::move(visit));
  }
  return visits;
}

/// Reads one chunk while another is looked at.
class Chunks {
 public:
  Chunks(const RowsElsewhere& rows, const std::vector<Plan>& plans, const std::vector<Visit>& visits)
      : rows_(rows), plans_(plans) {
    for (const Visit& visit : visits) {
      order_.push_back(visit.one);
      order_.insert(order_.end(), visit.others.begin(), visit.others.end());
    }
    read_next();
  }
  Loaded take() {
    Loaded loaded = future_.get();
    read_next();
    return loaded;
  }

 private:
  void read_next() {
    if (next_ == order_.size()) return;
    future_ = std::async(std::launch::async, [this, at = order_[next_++]] { return load(rows_, plans_[at]); });
  }

  const RowsElsewhere& rows_;
  const std::vector<Plan>& plans_;
  std::vector<std::size_t> order_;
  std::size_t next_ = 0;
  std::future<Loaded> future_;
};

/// Says how much of all pairs is done, in rows.
class Shown {
 public:
  Shown(const Show& show, const std::vector<Plan>& plans, const std::vector<Band>& bands) : show_(show) {
    for (const Plan& plan : plans) rows_ += plan.count;
    for (const Band& band : bands)
      for (const Visit& visit : plan_visits(band, plans.size())) {
        pairs_ += pairs_of(plans[visit.one], plans[visit.one]) / 2;
        for (const std::size_t other : visit.others) pairs_ += pairs_of(plans[visit.one], plans[other]);
      }
  }
  /// `share` of these pairs is done.
  void part(const Plan& a, const Plan& b, double share) const {
    if (show_) show_(std::llround((done_ + share * weight(a, b)) / pairs_ * static_cast<double>(rows_)), rows_);
  }
  void all(const Plan& a, const Plan& b) { done_ += weight(a, b); }

 private:
  static double pairs_of(const Plan& a, const Plan& b) {
    return static_cast<double>(a.count) * static_cast<double>(b.count);
  }
  static double weight(const Plan& a, const Plan& b) { return pairs_of(a, b) / (a.first == b.first ? 2 : 1); }

  const Show& show_;
  std::int64_t rows_ = 0;
  double pairs_ = 0, done_ = 0;
};

}  // namespace

NeighbourTable nearest_of_all(const RowsView& rows, const NearestOptions& options) {
  return in_memory(rows, options, {});
}

NeighbourTable nearest_of_all(const Communicator& comm, const RowsView& rows, const NearestOptions& options) {
  NeighbourTable mine;
  comm.all_do([&] { mine = in_memory(rows, options, {comm.rank(), comm.size()}); });
  return merge(comm, mine);
}

void nearest_of_all(const Communicator& comm, const RowsElsewhere& rows, const AllOptions& options,
                    const std::function<void(std::int64_t first, const NeighbourTable&)>& use, const Show& show) {
  const std::vector<Plan> plans = plan_chunks(rows, options.chunk_bytes);
  const std::vector<Band> bands =
      plan_bands(plans, std::max<std::int64_t>(1, options.most_entries / options.nearest.top));
  Shown shown(show, plans, bands);
  for (const Band& band : bands) {
    const Row first = plans[band.first].begin;
    Pairs pairs(first, band.count, Pairs::Itself::is_answer, options.nearest);
    comm.all_do([&] {
      const std::vector<Visit> visits = plan_visits(band, plans.size());
      Chunks chunks(rows, plans, visits);
      for (const Visit& visit : visits) {
        const Loaded one = chunks.take();
        const auto compare = [&](const Loaded& other, std::size_t at) {
          pairs.set(other.chunk());
          pairs.compare(one.chunk(), other.chunk(), {comm.rank(), comm.size()},
                        [&](double share) { shown.part(plans[visit.one], plans[at], share); });
          shown.all(plans[visit.one], plans[at]);
        };
        compare(one, visit.one);
        for (const std::size_t at : visit.others) compare(chunks.take(), at);
      }
    });
    use(first, merge(comm, pairs.table()));
  }
}

}  // namespace pool3
