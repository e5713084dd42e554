#include <stdexcept>

#include "pool3/corpus.hpp"

namespace pool3 {
namespace {

constexpr unsigned length_bits = 24;
constexpr std::uint64_t chunk_bytes = std::uint64_t{1} << length_bits;

}  // namespace

void StringTable::push_back(std::string_view text) {
  if (text.size() >= chunk_bytes) throw std::length_error("a string of 16 MiB or more");
  if (chunks_.empty() || chunks_.back().size() + text.size() >= chunk_bytes) chunks_.emplace_back();
  const std::uint64_t offset = (chunks_.size() - 1) * chunk_bytes + chunks_.back().size();
  chunks_.back() += text;
  places_.push_back(offset << length_bits | text.size());
}

std::string_view StringTable::operator[](std::int64_t i) const {
  const std::uint64_t place = places_[static_cast<std::size_t>(i)];
  const std::uint64_t offset = place >> length_bits;
  return std::string_view(chunks_[offset / chunk_bytes]).substr(offset % chunk_bytes, place % chunk_bytes);
}

void StringTable::keep(std::span<const std::int64_t> indices) {
  std::vector<std::uint64_t> kept;
  kept.reserve(indices.size());
  for (const std::int64_t i : indices) kept.push_back(places_[static_cast<std::size_t>(i)]);
  places_ = std::move(kept);
}

}  // namespace pool3
