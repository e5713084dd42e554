#pragma once
// What file names say. Private to the room.

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include "pool3/text.hpp"

namespace pool3::corpus {

/// Without the blanks around it: ASCII's, and the no-break spaces of spreadsheets and web pages.
[[nodiscard]] inline std::string_view trimmed_view(std::string_view text) {
  constexpr std::string_view wide = "\xC2\xA0";
  const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  for (;;) {
    if (!text.empty() && is_blank(text.front())) {
      text.remove_prefix(1);
    } else if (!text.empty() && is_blank(text.back())) {
      text.remove_suffix(1);
    } else if (text.starts_with(wide)) {
      text.remove_prefix(2);
    } else if (text.ends_with(wide)) {
      text.remove_suffix(2);
    } else {
      return text;
    }
  }
}
/// A scheme, of two letters or more, and "://".
[[nodiscard]] inline bool is_address(std::string_view path) {
  const std::size_t end = path.find("://");
  if (end == std::string_view::npos || end < 2) return false;
  return std::ranges::all_of(path.substr(0, end), [](unsigned char c) { return std::isalnum(c) != 0 || c == '+'; });
}

/// With / for each \: as on Linux.
[[nodiscard]] inline std::string with_slashes(std::string_view path) {
  std::string text(path);
  std::ranges::replace(text, '\\', '/');
  return text;
}

[[nodiscard]] inline std::string trimmed(std::string_view text) { return std::string(trimmed_view(text)); }

/// Endings of the formats that are read, in lower case.
inline constexpr std::array<std::string_view, 21> picture_endings = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".pjpeg", ".pjp", ".png", ".apng", ".webp", ".gif",
    ".bmp", ".dib",  ".tif", ".tiff", ".ppm", ".pgm",   ".pbm", ".pnm", ".ico",  ".tga"};

/// What follows the last dot of a path's last part, with that dot, in lower case; "" if there is none.
[[nodiscard]] inline std::string ending_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string() : lower_case(name.substr(dot));
}

/// True if it ends like a picture's name.
[[nodiscard]] inline bool is_picture_name(std::string_view name) {
  return std::ranges::find(picture_endings, ending_of(name)) != picture_endings.end();
}

/// True if it ends like a table's name.
[[nodiscard]] inline bool is_table_name(std::string_view name) {
  constexpr std::array<std::string_view, 4> endings = {".csv", ".tsv", ".jsonl", ".ndjson"};
  return std::ranges::find(endings, ending_of(name)) != endings.end();
}

/// True for one part of a path that users did not make: hidden names, and what systems and programs leave in folders of
/// pictures. Of their files, some are small pictures of the others.
[[nodiscard]] inline bool is_foreign_name(std::string_view name) {
  constexpr std::array<std::string_view, 17> foreign = {"__macosx",
                                                        "network trash folder",
                                                        "temporary items",  // macOS
                                                        "thumbs.db",
                                                        "ehthumbs.db",
                                                        "desktop.ini",
                                                        "$recycle.bin",  // Windows
                                                        "found.000",
                                                        "lost+found",
                                                        "system volume information",  // file systems
                                                        "@eadir",
                                                        "#recycle",
                                                        "#snapshot",
                                                        "@recycle",  // storage boxes
                                                        "~snapshot",
                                                        "@recently-snapshot",
                                                        "__pycache__"};
  if (name.starts_with('.')) return true;
  return std::ranges::find(foreign, lower_case(name)) != foreign.end();
}

/// True for the index that is kept beside a tar file.
[[nodiscard]] inline bool is_index_name(std::string_view name) { return name.ends_with(".pool3-index"); }

/// True if it ends like a tar file's name.
[[nodiscard]] inline bool is_shard_name(std::string_view name) {
  const std::string lower = lower_case(name.substr(name.size() - std::min<std::size_t>(name.size(), 8)));
  constexpr std::array<std::string_view, 10> endings = {".tar",    ".tar.gz",  ".tgz", ".tar.zst", ".tzst",
                                                        ".tar.xz", ".tar.bz2", ".txz", ".tbz2",    ".tbz"};
  return std::ranges::any_of(endings, [&](std::string_view ending) { return lower.ends_with(ending); });
}

}  // namespace pool3::corpus
