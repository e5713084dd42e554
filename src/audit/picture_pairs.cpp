#include "audit/picture_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "audit/alike.hpp"
#include "pool3/mpi/gather.hpp"
#include "pool3/partition.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"

namespace pool3::audit {
namespace {

constexpr std::int64_t top = 20;
constexpr std::int64_t bytes_of_picture = SmallPictures::side * SmallPictures::side * 3;

/// Places of two pictures, the smaller first.
struct Pair {
  std::int64_t first = 0, second = 0;
  auto operator<=>(const Pair&) const = default;
};
struct Compared {
  Pair pair;
  double left = 0;  // of 255
};

Pixels picture(const SmallPictures& pictures, std::int64_t place) {
  return pictures.pixels.subspan(index(place * bytes_of_picture), index(bytes_of_picture));
}

/// Pairs whose sketches are near.
class FromAfar {
 public:
  FromAfar(const SmallPictures& pictures, int threads) : threads_(threads), contrasts_(pictures.there.size(), 0.0) {
    for (std::size_t p = 0; p < pictures.there.size(); ++p)
      if (pictures.there[p]) places_.push_back(static_cast<std::int64_t>(p));
    sketches_.resize(places_.size() * index(sketch_size));
    run_tasks(threads, std::ssize(places_), [&](std::int64_t i) {
      const Pixels pixels = picture(pictures, places_[index(i)]);
      contrasts_[index(places_[index(i)])] = contrast(pixels);
      sketch(pixels, std::span(sketches_).subspan(index(i * sketch_size), index(sketch_size)));
    });
  }

  [[nodiscard]] double least_contrast(const Pair& p) const {
    return std::min(contrasts_[index(p.first)], contrasts_[index(p.second)]);
  }
  /// Collective.
  void add_pairs(const Communicator& comm, std::vector<Pair>& pairs) const {
    if (std::ssize(places_) < 2) return;
    const NeighbourTable table = nearest_of_all(comm, {.width = sketch_size, .floats = sketches_},
                                                {.top = top, .metric = Metric::euclidean, .threads = threads_});
    for (std::int64_t i = 0; i < table.queries(); ++i)
      for (const Neighbour& n : table.of(i)) {
        if (n.row < 0) break;
        const Pair pair{places_[index(std::min(i, n.row))], places_[index(std::max(i, n.row))]};
        const double apart = n.distance / std::sqrt(static_cast<double>(sketch_size));
        if (apart <= sketch_reach * least_contrast(pair)) pairs.push_back(pair);
      }
  }

 private:
  int threads_;
  std::vector<double> contrasts_;     // [places]
  std::vector<std::int64_t> places_;  // those that are there
  std::vector<float> sketches_;       // of these
};

/// Ranks share the pairs. Collective.
std::vector<Compared> compare(const Communicator& comm, const SmallPictures& pictures, const FromAfar& from_afar,
                              const std::vector<Pair>& pairs, int threads) {
  const RowRange mine = even_share(std::ssize(pairs), comm.size(), comm.rank());
  std::vector<Compared> own(index(mine.size()));
  comm.all_do([&] {
    run_tasks(threads, mine.size(), [&](std::int64_t i) {
      const Pair& pair = pairs[index(mine.begin + i)];
      const Rest left = rest(picture(pictures, pair.first), picture(pictures, pair.second));
      own[index(i)] = {pair, is_near(left, from_afar.least_contrast(pair)) ? left.largest : -1};
    });
  });
  std::erase_if(own, [](const Compared& c) { return c.left < 0; });
  const std::vector<Compared> all = gather_items(comm, own);
  std::string bytes(all.size() * sizeof(Compared), '\0');
  if (!all.empty()) std::memcpy(bytes.data(), all.data(), bytes.size());
  comm.broadcast(bytes);
  std::vector<Compared> everywhere(bytes.size() / sizeof(Compared));
  if (!bytes.empty()) std::memcpy(everywhere.data(), bytes.data(), bytes.size());
  return everywhere;
}

}  // namespace

NearRows let_pictures_decide(const Communicator& comm, const SmallPictures& pictures, const NearRows& near,
                             int threads) {
  std::optional<FromAfar> from_afar;
  comm.all_do([&] { from_afar.emplace(pictures, threads); });
  std::vector<Pair> pairs;
  NearRows decided(near.size());
  for (std::size_t i = 0; i < near.size(); ++i)
    for (const Neighbour& n : near[i]) {
      const auto place = static_cast<std::int64_t>(i);
      if (pictures.there[i] && pictures.there[index(n.row)]) {
        pairs.push_back({std::min(place, n.row), std::max(place, n.row)});
      } else {
        decided[i].push_back(n);
      }
    }
  from_afar->add_pairs(comm, pairs);
  std::ranges::sort(pairs);
  const auto same = std::ranges::unique(pairs);
  pairs.erase(same.begin(), same.end());
  for (const Compared& c : compare(comm, pictures, *from_afar, pairs, threads))
    decided[index(c.pair.first)].push_back({c.left / 255, c.pair.second});
  return decided;
}

}  // namespace pool3::audit
