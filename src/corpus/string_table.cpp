#include "pool3/corpus.hpp"

namespace pool3 {

void StringTable::push_back(std::string_view text) {
  bytes_ += text;
  ends_.push_back(bytes_.size());
}

std::string_view StringTable::operator[](std::int64_t i) const {
  const auto at = static_cast<std::size_t>(i);
  const std::uint64_t begin = at == 0 ? 0 : ends_[at - 1];
  return std::string_view(bytes_).substr(begin, ends_[at] - begin);
}

}  // namespace pool3
