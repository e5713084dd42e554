#include "commands/report/thumbnails.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <optional>

#include "pool3/exchange/import.hpp"
#include "pool3/extraction.hpp"
#include "pool3/threads.hpp"

namespace pool3::jobs {
namespace {

constexpr int most_folders_up = 32;

/// Reads pictures where the file says they are, or in other folders under the longest end of their path that is there.
class Finder {
 public:
  Finder(const std::string& root, const std::vector<std::string>& folders, const EntryLimits& limits)
      : own_(root, limits) {
    for (const std::string& folder : folders) others_.emplace_back(folder, limits);
  }

  /// Throws ReadError.
  [[nodiscard]] std::vector<std::byte> read(const std::string& path) const {
    for (const EntryReader& other : others_)
      if (auto found = read_below(other, path)) return *std::move(found);
    return own_.read(path);
  }

 private:
  [[nodiscard]] static std::optional<std::vector<std::byte>> try_read(const EntryReader& reader,
                                                                      const std::string& path) {
    try {
      return reader.read(path);
    } catch (const ReadError&) {
      return std::nullopt;
    }
  }

  [[nodiscard]] std::optional<std::vector<std::byte>> read_below(const EntryReader& folder,
                                                                 const std::string& path) const {
    const auto without = [&](int parts) {
      std::size_t at = path.find_first_not_of('/');
      for (int i = 0; i < parts && at != std::string::npos; ++i) {
        at = path.find('/', at);
        if (at != std::string::npos) at = path.find_first_not_of('/', at);
      }
      return at == std::string::npos ? std::string() : path.substr(at);
    };
    const int usual = usual_.load();  // what worked for others
    if (auto found = try_read(folder, without(usual)); found && !without(usual).empty()) return found;
    for (int parts = 0; parts < most_folders_up; ++parts) {
      const std::string end = without(parts);
      if (end.empty()) break;
      if (auto found = try_read(folder, end)) {
        usual_ = parts;
        return found;
      }
    }
    return std::nullopt;
  }

  EntryReader own_;
  std::vector<EntryReader> others_;
  mutable std::atomic<int> usual_ = 0;
};

/// What one rank has made: small pictures by their place among the rows.
struct Made {
  std::string bytes;  ///< of each picture: place, width, height as int64, then pixels
  std::int64_t changed = 0;
  std::map<std::string, std::int64_t> failed;
};

void append(std::string& bytes, std::int64_t value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

class Maker {
 public:
  Maker(const FeatureReader& reader, const PictureSource& source, const std::vector<ShownRow>& rows)
      : source_(source),
        rows_(rows),
        options_(decoding_of(reader, source)),
        finder_(reader.root(), source.folders, entry_limits(options_)),
        has_keys_(reader.provenance().weights_sha256 != imported) {
    for (const ShownRow& row : rows)
      if (has_keys_) keys_.push_back(reader.keys({row.row, row.row + 1})[0]);
  }

  /// Of rows `first`, `first` + `step`, ... Throws Error: no space for a compressed shard.
  Made make(std::int64_t first, std::int64_t step) {
    const std::int64_t count = (static_cast<std::int64_t>(rows_.size()) - first + step - 1) / step;
    run_tasks(source_.threads, count, [&](std::int64_t i) { try_one(static_cast<std::size_t>(first + i * step)); });
    return std::move(made_);
  }

 private:
  static DecodeOptions decoding_of(const FeatureReader& reader, const PictureSource& source) {
    DecodeOptions options{.shortest_side = source.side};
    try {
      const Preprocessing how = parse_preprocessing(reader.provenance().profile);
      options.apply_orientation = how.apply_orientation;
      options.max_pixels = how.max_pixels;
    } catch (const Error&) {  // features of another program
    }
    return options;
  }

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
    const std::vector<std::byte> file = finder_.read(rows_[i].path);
    if (has_keys_ && content_key(file) != keys_[i]) {
      const std::lock_guard lock(mutex_);
      ++made_.changed;
      return;
    }
    const Image small = thumbnail(decode(file, options_), source_.side);
    const std::lock_guard lock(mutex_);
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
  const std::vector<ShownRow>& rows_;
  DecodeOptions options_;
  Finder finder_;
  bool has_keys_;
  std::vector<ImageKey> keys_;  // of rows_
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

std::vector<std::byte> read_picture(const FeatureReader& reader, const std::vector<std::string>& folders,
                                    const std::string& path, const EntryLimits& limits) {
  return Finder(reader.root(), folders, limits).read(path);
}

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
