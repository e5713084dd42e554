#include "setup/picture_finder.hpp"

#include "pool3/error.hpp"
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

}  // namespace pool3::jobs
