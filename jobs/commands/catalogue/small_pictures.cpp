#include "commands/catalogue/small_pictures.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <utility>

#include "pool3/exchange/import.hpp"
#include "pool3/extraction.hpp"
#include "pool3/image/small_picture.hpp"
#include "pool3/mpi/shared_memory.hpp"
#include "pool3/partition.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"
#include "setup/picture_finder.hpp"

namespace pool3::jobs {
namespace {

constexpr std::int64_t side = SmallPictures::side, bytes_of_picture = side * side * 3;

/// This rank's share of the rows.
class Reader {
 public:
  Reader(const FeatureReader& reader, const std::vector<Row>& rows, const std::vector<std::string>& folders)
      : rows_(rows),
        options_(decoding_of(reader, side)),
        finder_(reader.root(), folders, entry_limits(options_)),
        paths_(reader.paths({0, reader.rows()})),
        has_keys_(reader.provenance().weights_sha256 != imported) {
    if (has_keys_) keys_ = reader.keys();
  }

  /// Writes the pixels of a share to their places, and 1 to `there` where there is a picture.
  void read(RowRange share, std::span<std::uint8_t> pixels, std::span<std::uint8_t> there, int threads,
            const ShowRows& show) const {
    std::int64_t done = 0;
    std::mutex mutex;
    run_tasks(threads, share.size(), [&](std::int64_t i) {
      const std::size_t place = index(share.begin + i);
      if (read_one(rows_[place], pixels.subspan(place * index(bytes_of_picture), index(bytes_of_picture))))
        there[place] = 1;
      const std::lock_guard lock(mutex);
      if (show) show(++done, share.size());
    });
  }

 private:
  /// True, and the pixels, if there is a picture.
  [[nodiscard]] bool read_one(Row row, std::span<std::uint8_t> to) const {
    try {
      const std::vector<std::byte> file = finder_.read(paths_[index(row)]);
      if (has_keys_ && content_key(file) != keys_[index(row)]) return false;
      Image picture = decode(file, options_);
      const auto pixels = small_picture(picture, side);
      recycle(std::move(picture));
      std::ranges::copy(pixels, to.begin());
      return true;
    } catch (const ReadError&) {
    } catch (const ImageError&) {
    } catch (const std::bad_alloc&) {
    }
    return false;
  }

  const std::vector<Row>& rows_;
  DecodeOptions options_;
  PictureFinder finder_;
  std::vector<std::string> paths_;
  bool has_keys_;
  std::vector<ImageKey> keys_;
};

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
    Reader(reader, rows, folders).read(even_share(count, comm.size(), comm.rank()), pixels, there, threads, show);
  });
  share_between_nodes(comm, *window);
  return {.there = {there.begin(), there.end()}, .pixels = pixels, .owner = window};
}

}  // namespace pool3::jobs
