#include "commands/catalogue/small_pictures.hpp"

#include <cstring>
#include <mutex>
#include <new>

#include "pool3/image.hpp"
#include "pool3/image/small_picture.hpp"
#include "pool3/partition.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"
#include "setup/picture_finder.hpp"

namespace pool3::jobs {
namespace {

constexpr std::int64_t side = SmallPictures::side, bytes_of_picture = side * side * 3;

/// Writes 1 and the pixels, if there is a picture.
void read_one(const RowPictures& pictures, std::size_t i, char* to) {
  try {
    std::optional<Image> picture = pictures.read(i);
    if (!picture) return;
    const auto pixels = small_picture(*picture, side);
    recycle(*std::move(picture));
    *to = 1;
    std::memcpy(to + 1, pixels.data(), pixels.size());
  } catch (const ReadError&) {
  } catch (const ImageError&) {
  } catch (const std::bad_alloc&) {
  }
}

/// [pictures] "there" and its pixels, one after the other.
std::string read(const RowPictures& pictures, std::int64_t count, int threads, const ShowRows& show) {
  std::string bytes(index(count * (1 + bytes_of_picture)), '\0');
  std::int64_t done = 0;
  std::mutex mutex;
  run_tasks(threads, count, [&](std::int64_t i) {
    read_one(pictures, index(i), &bytes[index(i * (1 + bytes_of_picture))]);
    const std::lock_guard lock(mutex);
    if (show) show(++done, count);
  });
  return bytes;
}

}  // namespace

SmallPictures small_pictures(const Communicator& comm, const FeatureReader& reader, const std::vector<Row>& rows,
                             const std::vector<std::string>& folders, int threads, const ShowRows& show) {
  std::string mine;
  comm.all_do([&] {
    const RowRange share = even_share(std::ssize(rows), comm.size(), comm.rank());
    const RowPictures pictures(reader, {rows.begin() + share.begin, rows.begin() + share.end}, folders, side);
    mine = read(pictures, share.size(), threads, show);
  });
  std::string bytes;
  for (const std::string& part : comm.gather(mine)) bytes += part;
  mine.clear();
  comm.broadcast(bytes);
  SmallPictures all;
  all.pixels.resize(rows.size() * index(bytes_of_picture));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const char* from = &bytes[i * index(1 + bytes_of_picture)];
    all.there.push_back(*from == 1);
    std::memcpy(&all.pixels[i * index(bytes_of_picture)], from + 1, index(bytes_of_picture));
  }
  return all;
}

}  // namespace pool3::jobs
