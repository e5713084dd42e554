#include "report/catalogue/class_order.hpp"

#include <algorithm>
#include <numeric>

namespace pool3::report {
namespace {

using Order = std::vector<std::int32_t>;

/// The nearest-neighbour chain: the same clusters as by always joining the nearest two, in K^2 steps.
class Clusters {
 public:
  Clusters(std::span<const std::int64_t> confusion, std::size_t classes)
      : n_(classes), raw_(classes * classes, 0), orders_(classes) {
    std::vector<double> support(n_, 0);
    for (std::size_t a = 0; a < n_; ++a)
      for (std::size_t b = 0; b < n_; ++b) support[a] += static_cast<double>(confusion[a * n_ + b]);
    for (std::size_t a = 0; a < n_; ++a) {
      orders_[a] = {static_cast<std::int32_t>(a)};
      for (std::size_t b = 0; b < n_; ++b)
        if (a != b && support[a] > 0)
          for (const std::size_t at : {a * n_ + b, b * n_ + a})
            raw_[at] += static_cast<double>(confusion[a * n_ + b]) / support[a];
    }
    near_ = raw_;
  }

  [[nodiscard]] Order order() {
    std::vector<std::size_t> chain;
    for (std::size_t left = n_; left > 1;) {
      if (chain.empty()) chain.push_back(first_alive());
      const std::size_t a = chain.back();
      const std::size_t before = chain.size() > 1 ? chain[chain.size() - 2] : n_;
      const std::size_t b = nearest(a, before);
      if (b != before) {
        chain.push_back(b);
        continue;
      }
      chain.resize(chain.size() - 2);
      join(std::min(a, b), std::max(a, b));
      --left;
    }
    return n_ == 0 ? Order{} : orders_[first_alive()];
  }

 private:
  [[nodiscard]] std::size_t first_alive() const {
    const auto alive = std::ranges::find_if(orders_, [](const Order& o) { return !o.empty(); });
    return static_cast<std::size_t>(alive - orders_.begin());
  }

  /// Of equals, the one before in the chain, so that it ends; then the first.
  [[nodiscard]] std::size_t nearest(std::size_t a, std::size_t before) const {
    std::size_t best = before;
    for (std::size_t b = 0; b < n_; ++b) {
      if (b == a || orders_[b].empty()) continue;
      if (best == n_ || near_[a * n_ + b] > near_[a * n_ + best]) best = b;
    }
    return best;
  }

  /// b becomes a part of a. The ends that meet are those that are confused most.
  void join(std::size_t a, std::size_t b) {
    const auto size_a = static_cast<double>(orders_[a].size()), size_b = static_cast<double>(orders_[b].size());
    for (std::size_t c = 0; c < n_; ++c) {
      const double mean = (size_a * near_[a * n_ + c] + size_b * near_[b * n_ + c]) / (size_a + size_b);
      near_[a * n_ + c] = near_[c * n_ + a] = mean;
    }
    Order &first = orders_[a], &second = orders_[b];
    const auto meet = [&](std::int32_t x, std::int32_t y) {
      return raw_[static_cast<std::size_t>(x) * n_ + static_cast<std::size_t>(y)];
    };
    const double best = std::max({meet(first.back(), second.front()), meet(first.back(), second.back()),
                                  meet(first.front(), second.front()), meet(first.front(), second.back())});
    if (std::max(meet(first.back(), second.front()), meet(first.back(), second.back())) < best)
      std::ranges::reverse(first);
    if (meet(first.back(), second.front()) < best) std::ranges::reverse(second);
    first.insert(first.end(), second.begin(), second.end());
    second.clear();
  }

  std::size_t n_;
  std::vector<double> raw_, near_;  // [n, n]: of classes, of clusters
  std::vector<Order> orders_;       // of the cluster that is named by its first class; empty: it is part of another
};

}  // namespace

std::vector<std::int32_t> order_by_confusion(std::span<const std::int64_t> confusion, std::size_t classes) {
  return Clusters(confusion, classes).order();
}

}  // namespace pool3::report
