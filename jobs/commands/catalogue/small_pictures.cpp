#include "commands/catalogue/small_pictures.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "pool3/image.hpp"
#include "pool3/image/small_picture.hpp"
#include "pool3/mpi/shared_memory.hpp"
#include "pool3/partition.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"
#include "setup/picture_finder.hpp"

namespace pool3::jobs {
namespace {

constexpr std::int64_t side = SmallPictures::side, bytes_of_picture = side * side * 3;

/// True, and the pixels, if there is a picture.
bool read_one(const RowPictures& pictures, std::size_t i, std::span<std::uint8_t> to) {
  try {
    std::optional<Image> picture = pictures.read(i);
    if (!picture) return false;
    const auto pixels = small_picture(*picture, side);
    recycle(*std::move(picture));
    std::ranges::copy(pixels, to.begin());
    return true;
  } catch (const ReadError&) {
  } catch (const ImageError&) {
  } catch (const std::bad_alloc&) {
  }
  return false;
}

/// Writes the pixels of a share to their places, and 1 to `there` where there is a picture.
void read(const RowPictures& pictures, std::span<std::uint8_t> pixels, std::span<std::uint8_t> there, int threads,
          const ShowRows& show) {
  std::int64_t done = 0;
  std::mutex mutex;
  run_tasks(threads, std::ssize(there), [&](std::int64_t i) {
    if (read_one(pictures, index(i), pixels.subspan(index(i * bytes_of_picture), index(bytes_of_picture))))
      there[index(i)] = 1;
    const std::lock_guard lock(mutex);
    if (show) show(++done, std::ssize(there));
  });
}

/// Memory of a node, and the ranks there.
struct Window {
  Window(const Communicator& comm, std::int64_t bytes) : node(comm.split_by_node()), memory(node, bytes) {}
  Communicator node;
  SharedMemory memory;
};

/// Each byte is 0 on all nodes but one; now all have it. Collective.
void share_between_nodes(const Communicator& comm, const Window& window) {
  constexpr std::size_t at_once = std::size_t{1} << 24U;
  window.memory.sync();
  const Communicator leaders = comm.split(window.node.is_root() ? 0 : 1);
  std::span<std::int64_t> numbers = window.memory.as<std::int64_t>();
  while (window.node.is_root() && leaders.size() > 1 && !numbers.empty()) {
    leaders.sum(numbers.first(std::min(at_once, numbers.size())));
    numbers = numbers.subspan(std::min(at_once, numbers.size()));
  }
  window.memory.sync();
}

}  // namespace

SmallPictures small_pictures(const Communicator& comm, const FeatureReader& reader, const std::vector<Row>& rows,
                             const std::vector<std::string>& folders, int threads, const ShowRows& show) {
  constexpr std::int64_t number = sizeof(std::int64_t);
  const std::int64_t count = std::ssize(rows), pixel_bytes = count * bytes_of_picture;
  const auto window = std::make_shared<const Window>(comm, (pixel_bytes + count + number - 1) / number * number);
  const auto bytes = window->memory.as<std::uint8_t>();
  const auto pixels = bytes.first(index(pixel_bytes)), there = bytes.subspan(index(pixel_bytes), rows.size());
  comm.all_do([&] {
    const RowRange share = even_share(count, comm.size(), comm.rank());
    const RowPictures pictures(reader, {rows.begin() + share.begin, rows.begin() + share.end}, folders, side);
    read(pictures, pixels.subspan(index(share.begin * bytes_of_picture), index(share.size() * bytes_of_picture)),
         there.subspan(index(share.begin), index(share.size())), threads, show);
  });
  share_between_nodes(comm, *window);
  return {.there = {there.begin(), there.end()}, .pixels = pixels, .owner = window};
}

}  // namespace pool3::jobs
