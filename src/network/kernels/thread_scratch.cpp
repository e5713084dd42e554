#include "network/kernels/thread_scratch.hpp"

#include <array>

#include "network/kernels/memory.hpp"

namespace pool3::network {
namespace {

constexpr std::size_t uses = static_cast<std::size_t>(Scratch::products) + 1;

struct Kept {
  Memory memory;
  std::int64_t bytes = 0;
};
thread_local std::array<Kept, uses> kept;

}  // namespace

std::byte* thread_scratch(Scratch use, std::int64_t bytes) {
  Kept& mine = kept.at(static_cast<std::size_t>(use));
  if (mine.bytes < bytes) mine = {Memory(bytes, false), bytes};
  return mine.memory.data();
}

}  // namespace pool3::network
