#include "setup/picture_finder.hpp"

#include <algorithm>
#include <iterator>

#include "pool3/error.hpp"
#include "pool3/exchange/import.hpp"
#include "pool3/extraction.hpp"

namespace pool3::jobs {
namespace {

constexpr int most_folders_up = 32;

std::optional<std::vector<std::byte>> try_read(const EntryReader& reader, const std::string& path) {
  try {
    return reader.read(path);
  } catch (const ReadError&) {
    return std::nullopt;
  }
}

/// Without its first folders.
std::string end_of(const std::string& path, int folders) {
  std::size_t at = path.find_first_not_of('/');
  for (int i = 0; i < folders && at != std::string::npos; ++i) {
    at = path.find('/', at);
    if (at != std::string::npos) at = path.find_first_not_of('/', at);
  }
  return at == std::string::npos ? std::string() : path.substr(at);
}

}  // namespace

PictureFinder::PictureFinder(const std::string& root, const std::vector<std::string>& folders,
                             const EntryLimits& limits)
    : own_(root, limits) {
  for (const std::string& folder : folders) others_.emplace_back(folder, limits);
}

std::vector<std::byte> PictureFinder::read(const std::string& path) const {
  for (const EntryReader& other : others_)
    if (auto found = read_below(other, path)) return *std::move(found);
  return own_.read(path);
}

std::optional<std::vector<std::byte>> PictureFinder::read_below(const EntryReader& folder,
                                                                const std::string& path) const {
  const std::string usual = end_of(path, usual_.load());  // what worked for others
  if (auto found = try_read(folder, usual); found && !usual.empty()) return found;
  for (int folders = 0; folders < most_folders_up; ++folders) {
    const std::string end = end_of(path, folders);
    if (end.empty()) break;
    if (auto found = try_read(folder, end)) {
      usual_ = folders;
      return found;
    }
  }
  return std::nullopt;
}

DecodeOptions decoding_of(const FeatureReader& reader, std::int64_t side) {
  DecodeOptions options{.shortest_side = side};
  try {
    const Preprocessing how = parse_preprocessing(reader.provenance().profile);
    options.apply_orientation = how.apply_orientation;
    options.max_pixels = how.max_pixels;
  } catch (const Error&) {  // features of another program
  }
  return options;
}

RowPictures::RowPictures(const FeatureReader& reader, const std::vector<Row>& rows,
                         const std::vector<std::string>& folders, std::int64_t side)
    : options_(decoding_of(reader, side)), finder_(reader.root(), folders, entry_limits(options_)) {
  const bool has_keys = reader.provenance().weights_sha256 != imported;
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    for (end = begin + 1; end < rows.size() && rows[end] == rows[end - 1] + 1;) ++end;
    const RowRange run{rows[begin], rows[end - 1] + 1};
    std::ranges::move(reader.paths(run), std::back_inserter(paths_));
    if (has_keys) std::ranges::copy(reader.keys(run), std::back_inserter(keys_));
  }
}

std::optional<Image> RowPictures::read(std::size_t i) const {
  const std::vector<std::byte> file = finder_.read(paths_[i]);
  if (!keys_.empty() && content_key(file) != keys_[i]) return std::nullopt;
  return decode(file, options_);
}

}  // namespace pool3::jobs
