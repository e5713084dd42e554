#include "network/kernels/thread_scratch.hpp"

#include <array>
#include <vector>

namespace pool3::network {
namespace {

struct alignas(64) Line {
  std::array<std::byte, 64> bytes{};
};
constexpr std::size_t uses = static_cast<std::size_t>(Scratch::products) + 1;
thread_local std::array<std::vector<Line>, uses> kept;

}  // namespace

std::byte* thread_scratch(Scratch use, std::int64_t bytes) {
  std::vector<Line>& lines = kept.at(static_cast<std::size_t>(use));
  const std::size_t needed = (static_cast<std::size_t>(bytes) + sizeof(Line) - 1) / sizeof(Line);
  if (lines.size() < needed) lines.assign(needed, Line{});
  return lines.front().bytes.data();
}

}  // namespace pool3::network
