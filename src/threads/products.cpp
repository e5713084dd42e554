#include <cblas.h>
#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <vector>

#include "pool3/threads.hpp"

extern "C" {
// Of OpenBLAS, which has them in its library, and in no header.
void* blas_memory_alloc(int) __attribute__((weak));
void blas_memory_free(void*) __attribute__((weak));
}

namespace pool3 {
namespace {

constexpr std::size_t buffer_bytes = blas_bytes_of_thread + 4096;
constexpr int most_buffers = 64;  // OpenBLAS has some more

bool is_room_for(int buffers) {
  std::vector<void*> taken;
  for (int i = 0; i < buffers; ++i) {
    void* const room = mmap(nullptr, buffer_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) break;
    taken.push_back(room);
  }
  for (void* const room : taken) munmap(room, buffer_bytes);
  return static_cast<int>(taken.size()) == buffers;
}

/// Has OpenBLAS take its buffers for so many threads now. Where the system has no memory for one, OpenBLAS asks again
/// for ever; this throws std::bad_alloc instead.
void take_buffers(int threads) {
  static std::mutex guard;
  static int taken = 0;
  const std::lock_guard lock(guard);
  threads = std::min(threads, most_buffers);
  if (threads <= taken) return;
  if (!is_room_for(threads - taken)) throw std::bad_alloc();
  if (blas_memory_alloc != nullptr && blas_memory_free != nullptr) {
    std::vector<void*> buffers;
    buffers.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i) buffers.push_back(blas_memory_alloc(0));
    for (void* const buffer : buffers) blas_memory_free(buffer);
  }
  taken = threads;
}

}  // namespace

void take_single_products(int callers) {
  take_buffers(callers);
  openblas_set_num_threads(1);
}

void share_products(int threads) {
  // OpenBLAS would wait for threads that it did not get.
  if (threads > openblas_get_num_threads()) threads = 1 + startable_threads(threads - 1);
  take_buffers(threads);
  openblas_set_num_threads(threads);
}

}  // namespace pool3
