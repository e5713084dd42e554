#include "commands/report/thumbnails.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <mutex>

#include "pool3/image.hpp"
#include "pool3/threads.hpp"
#include "setup/picture_finder.hpp"

namespace pool3::jobs {
namespace {

/// What one rank has made: small pictures by their place among the rows.
struct Made {
  std::string bytes;  ///< of each picture: place, width, height as int64, then pixels
  std::int64_t changed = 0;
  std::map<std::string, std::int64_t> failed;
};

void append(std::string& bytes, std::int64_t value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::vector<Row> numbers_of(const std::vector<ShownRow>& rows) {
  std::vector<Row> numbers;
  numbers.reserve(rows.size());
  for (const ShownRow& row : rows) numbers.push_back(row.row);
  return numbers;
}

class Maker {
 public:
  Maker(const FeatureReader& reader, const PictureSource& source, const std::vector<ShownRow>& rows)
      : source_(source), count_(std::ssize(rows)), pictures_(reader, numbers_of(rows), source.folders, source.side) {}

  /// Of rows `first`, `first` + `step`, ... Throws Error: no space for a compressed shard.
  Made make(std::int64_t first, std::int64_t step) {
    const std::int64_t count = (count_ - first + step - 1) / step;
    run_tasks(source_.threads, count, [&](std::int64_t i) { try_one(static_cast<std::size_t>(first + i * step)); });
    return std::move(made_);
  }

 private:
  void try_one(std::size_t i) {
    try {
      make_one(i);
    } catch (const ReadError& error) {
      count(error.what());
    } catch (const ImageError& error) {
      count(error.what());
    } catch (const std::bad_alloc&) {
      count("there is not enough memory for it");
    }
  }

  void make_one(std::size_t i) {
    const std::optional<Image> picture = pictures_.read(i);
    const Image small = picture ? thumbnail(*picture, source_.side) : Image{};
    const std::lock_guard lock(mutex_);
    if (!picture) return void(++made_.changed);
    append(made_.bytes, static_cast<std::int64_t>(i));
    append(made_.bytes, small.width);
    append(made_.bytes, small.height);
    made_.bytes.append(reinterpret_cast<const char*>(small.pixels.data()), small.pixels.size());
  }

  void count(const std::string& cause) {
    const std::lock_guard lock(mutex_);
    ++made_.failed[cause];
  }

  const PictureSource& source_;
  std::int64_t count_;
  RowPictures pictures_;
  std::mutex mutex_;
  Made made_;
};

/// Puts what a rank has made into the rows. How many pictures there were.
std::int64_t unpack(const std::string& bytes, std::vector<ShownRow>& rows) {
  std::int64_t count = 0;
  for (std::size_t at = 0; at < bytes.size(); ++count) {
    std::array<std::int64_t, 3> head{};
    std::memcpy(head.data(), &bytes[at], sizeof head);
    at += sizeof head;
    Image& picture = rows[static_cast<std::size_t>(head[0])].thumbnail;
    picture = {head[1], head[2], std::vector<std::uint8_t>(static_cast<std::size_t>(head[1] * head[2] * 3))};
    std::memcpy(picture.pixels.data(), &bytes[at], picture.pixels.size());
    at += picture.pixels.size();
  }
  return count;
}

std::string packed(const std::map<std::string, std::int64_t>& failed) {
  std::string text;
  for (const auto& [cause, rows] : failed) text += fmt::format("{} {}\n", rows, one_line(cause));
  return text;
}

}  // namespace

PictureCount add_thumbnails(const Communicator& comm, const FeatureReader& reader, const PictureSource& source,
                            std::vector<ShownRow>& rows) {
  Made mine;
  comm.all_do([&] { mine = Maker(reader, source, rows).make(comm.rank(), comm.size()); });
  PictureCount out{.changed = comm.sum(mine.changed), .failed = {}};
  for (const std::string& bytes : comm.gather(mine.bytes)) out.shown += unpack(bytes, rows);
  for (const std::string& text : comm.gather(packed(mine.failed)))
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t blank = text.find(' ', at), end = text.find('\n', at);
      out.failed[text.substr(blank + 1, end - blank - 1)] += std::stoll(text.substr(at, blank - at));
      at = end + 1;
    }
  return out;
}

}  // namespace pool3::jobs
