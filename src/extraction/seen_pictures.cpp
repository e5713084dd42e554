#include "extraction/seen_pictures.hpp"

#include <algorithm>

namespace pool3::extraction {

bool SeenPictures::find(const ImageKey& key, std::span<float> features) const {
  const std::lock_guard lock(mutex_);
  const auto found = features_.find(key);
  if (found == features_.end()) return false;
  std::ranges::copy(found->second, features.begin());
  return true;
}

void SeenPictures::remember(const ImageKey& key, std::span<const float> features) {
  const std::lock_guard lock(mutex_);
  if (!features_.try_emplace(key, features.begin(), features.end()).second) return;
  order_.push_back(key);
  if (order_.size() <= most) return;
  features_.erase(order_.front());
  order_.pop_front();
}

}  // namespace pool3::extraction
