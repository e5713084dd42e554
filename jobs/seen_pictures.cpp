#include "seen_pictures.hpp"

namespace pool3::jobs {

std::vector<float> SeenPictures::find(const ImageKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = features_.find(key);
  return found == features_.end() ? std::vector<float>() : found->second;
}

void SeenPictures::remember(const ImageKey& key, std::span<const float> features) {
  const std::lock_guard lock(mutex_);
  if (!features_.try_emplace(key, features.begin(), features.end()).second) return;
  order_.push_back(key);
  if (order_.size() <= most) return;
  features_.erase(order_.front());
  order_.pop_front();
}

}  // namespace pool3::jobs
