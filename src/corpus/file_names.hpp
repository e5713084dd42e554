#pragma once
// What file names say. Private to the room.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace pool3::corpus {

/// ASCII letters in lower case, whatever the locale.
[[nodiscard]] inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

/// True if it ends like a picture's name.
[[nodiscard]] inline bool is_picture_name(std::string_view name) {
  constexpr std::array<std::string_view, 8> endings = {".jpg", ".jpeg", ".png", ".webp",
                                                       ".gif", ".bmp",  ".tif", ".tiff"};
  const std::size_t dot = name.rfind('.');
  return dot != std::string_view::npos && std::ranges::find(endings, lower_case(name.substr(dot))) != endings.end();
}

/// True if it ends like a tar file's name.
[[nodiscard]] inline bool is_shard_name(std::string_view name) {
  const std::string lower = lower_case(name.substr(name.size() - std::min<std::size_t>(name.size(), 8)));
  constexpr std::array<std::string_view, 5> endings = {".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst"};
  return std::ranges::any_of(endings, [&](std::string_view ending) { return lower.ends_with(ending); });
}

}  // namespace pool3::corpus
