#include "commands/catalogue/small_pictures.hpp"

#include <cstring>
#include <mutex>
#include <new>

#include "pool3/exchange/import.hpp"
#include "pool3/extraction.hpp"
#include "pool3/image/small_picture.hpp"
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

  /// [rows of `share`] "there" and its pixels, one after the other.
  std::string read(RowRange share, int threads, const ShowRows& show) {
    std::string bytes(index(share.size() * (1 + bytes_of_picture)), '\0');
    std::int64_t done = 0;
    std::mutex mutex;
    run_tasks(threads, share.size(), [&](std::int64_t i) {
      read_one(rows_[index(share.begin + i)], &bytes[index(i * (1 + bytes_of_picture))]);
      const std::lock_guard lock(mutex);
      if (show) show(++done, share.size());
    });
    return bytes;
  }

 private:
  /// Writes 1 and the pixels, if there is a picture.
  void read_one(Row row, char* to) const {
    try {
      const std::vector<std::byte> file = finder_.read(paths_[index(row)]);
      if (has_keys_ && content_key(file) != keys_[index(row)]) return;
      Image picture = decode(file, options_);
      const auto pixels = small_picture(picture, side);
      recycle(std::move(picture));
      *to = 1;
      std::memcpy(to + 1, pixels.data(), pixels.size());
    } catch (const ReadError&) {
    } catch (const ImageError&) {
    } catch (const std::bad_alloc&) {
    }
  }

  const std::vector<Row>& rows_;
  DecodeOptions options_;
  PictureFinder finder_;
  std::vector<std::string> paths_;
  bool has_keys_;
  std::vector<ImageKey> keys_;
};

}  // namespace

SmallPictures small_pictures(const Communicator& comm, const FeatureReader& reader, const std::vector<Row>& rows,
                             const std::vector<std::string>& folders, int threads, const ShowRows& show) {
  std::string mine;
  comm.all_do([&] {
    mine = Reader(reader, rows, folders).read(even_share(std::ssize(rows), comm.size(), comm.rank()), threads, show);
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
