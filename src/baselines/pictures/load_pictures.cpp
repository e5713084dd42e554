#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "baselines/pictures/small_picture.hpp"
#include "pool3/baselines.hpp"
#include "pool3/corpus.hpp"
#include "pool3/error.hpp"
#include "pool3/image.hpp"
#include "pool3/partition.hpp"

namespace pool3 {
namespace {

constexpr const char* stage = "baseline";

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

EntryLimits limits(const DecodeOptions& decoding) {
  return {.bytes = largest_file(decoding), .check_head = check_head};
}

DecodeOptions decoding_of(const FeatureReader& reader) {
  const Preprocessing p = parse_preprocessing(reader.provenance().profile);
  return {.max_pixels = p.max_pixels, .apply_orientation = p.apply_orientation};
}

/// Where each picture of a corpus lies, by its content. Entries that can't be read are none. Collective.
struct Located {
  std::string root;
  std::map<ImageKey, std::string> paths;
};
Located locate(const Communicator& comm, const std::string& corpus, const DecodeOptions& decoding) {
  const Manifest manifest = list_corpus(comm, {.corpus = {corpus}, .labels = parse_label_rule("none")});
  std::vector<std::string> parts(index(comm.size()));
  for (std::int64_t i = 0; i < manifest.size(); ++i)
    parts[index(i % comm.size())] += std::string(manifest.paths[i]) + '\0';
  const std::string mine = comm.scatter(parts);
  Located found{.root = manifest.root, .paths = {}};
  comm.broadcast(found.root);
  const EntryReader entries(found.root, limits(decoding));
  std::string lines;
  comm.all_do([&] {
    for (std::size_t at = 0; at < mine.size(); at = mine.find('\0', at) + 1) {
      const std::string path = mine.c_str() + at;  // up to its end
      try {
        lines += to_hex(content_key(entries.read(path))) + path + '\0';
      } catch (const ReadError&) {
      } catch (const ImageError&) {
      }
    }
  });
  std::string all;
  for (const std::string& part : comm.gather(lines)) all += part;
  comm.broadcast(all);
  constexpr std::size_t digits = 32;
  for (std::size_t at = 0; at < all.size(); at = all.find('\0', at) + 1) {
    const std::string line = all.c_str() + at;
    const auto word = [&](std::size_t from) { return std::stoull(line.substr(from, digits / 2), nullptr, 16); };
    const ImageKey key{word(0), word(digits / 2)};
    std::string path = line.substr(digits);
    const auto [there, is_new] = found.paths.try_emplace(key, path);
    if (!is_new && path < there->second) there->second = std::move(path);
  }
  return found;
}

/// Reads pictures of rows of this rank.
class Loader {
 public:
  Loader(const FeatureReader& reader, const Located* located)
      : reader_(reader),
        located_(located),
        decoding_(decoding_of(reader)),
        entries_(located == nullptr ? reader.root() : located->root, limits(decoding_)) {}

  [[nodiscard]] std::vector<std::uint8_t> load(std::span<const Row> rows) {
    std::vector<std::uint8_t> all;
    all.reserve(rows.size() * index(picture_side * picture_side * 3));
    for (const Row row : rows) {
      const auto one = load(row);
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }

 private:
  std::vector<std::uint8_t> load(Row row) {
    see_block(row);
    const std::size_t at = index(row - block_.begin);
    const std::string path = place_of(paths_[at], keys_[at]);
    try {
      const std::vector<std::byte> bytes = entries_.read(path);
      if (content_key(bytes) != keys_[at]) throw ReadError("has changed since its features were made");
      Image picture = decode(bytes, decoding_);
      auto pixels = baselines::small_picture(picture, picture_side);
      recycle(std::move(picture));
      return pixels;
    } catch (const ReadError& error) {
      throw refuse(path, error.what());
    } catch (const ImageError& error) {
      throw refuse(path, error.what());
    }
  }
  void see_block(Row row) {
    if (row >= block_.begin && row < block_.end) return;
    block_ = reader_.block(reader_.block_of(row));
    paths_ = reader_.paths(block_);
    keys_ = reader_.keys(block_);
  }
  [[nodiscard]] std::string place_of(const std::string& path, const ImageKey& key) const {
    if (located_ == nullptr) return path;
    const auto found = located_->paths.find(key);
    if (found == located_->paths.end()) throw refuse(path, "the corpus has no picture of this content");
    return found->second;
  }
  [[nodiscard]] Error refuse(const std::string& path, const std::string& cause) const {
    return Error(
        {.stage = stage,
         .path = full_path(located_ == nullptr ? reader_.root() : located_->root, path),
         .cause = cause,
         .advice = "give --corpus the pictures that the features are of, or leave out kinds that look at pictures"});
  }

  const FeatureReader& reader_;
  const Located* located_;
  DecodeOptions decoding_;
  EntryReader entries_;
  RowRange block_;
  std::vector<std::string> paths_;
  std::vector<ImageKey> keys_;
};

}  // namespace

BaselinePictures load_baseline_pictures(const Communicator& comm, const FeatureReader& reader, const BaselineRows& rows,
                                        const std::string& corpus) {
  DecodeOptions decoding;
  comm.all_do([&] { decoding = decoding_of(reader); });
  std::optional<Located> located;
  if (!corpus.empty()) located = locate(comm, corpus, decoding);
  BaselinePictures pictures;
  comm.all_do([&] {
    Loader loader(reader, located ? &*located : nullptr);
    pictures.training = loader.load(rows.training.origin);
    pictures.held_out = loader.load(rows.rows);
  });
  return pictures;
}

}  // namespace pool3
