#include "corpus/sources/missing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "corpus/file_names.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

namespace fs = std::filesystem;

bool is_there(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string with_slashes(std::string_view path) {
  std::string text(path);
  std::ranges::replace(text, '\\', '/');
  return text;
}

/// The ending with which the file is there; "" if it is with none.
std::string lacking_ending(const std::string& full) {
  for (const std::string_view ending : picture_endings) {
    std::string upper(ending);
    std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
    for (const std::string& some : {std::string(ending), upper})
      if (is_there(full + some)) return some;
  }
  return {};
}

/// Why this path may not have been found; "" if nothing is near.
std::string hint(const std::string& root, std::string_view path) {
  const std::string slashes = with_slashes(path);
  if (slashes != path && is_there(full_path(root, slashes)))
    return "it is there with / for \\: write paths as on Linux, as with tr '\\\\' / <OLD >NEW";
  if (const std::string ending = lacking_ending(full_path(root, path)); !ending.empty())
    return fmt::format("it is there as {}: write names with their endings", one_line(std::string(path) + ending));
  const std::string_view bare = trimmed_view(path);
  if (bare != path && is_there(full_path(root, bare))) return "it is there without the blanks around its name";
  if (!path.starts_with('/') && is_there(std::string(path)))
    return "it is there from the working folder, but paths in tables and lists start from the folder that those are in";
  return {};
}

}  // namespace

std::string note_on_missing(const std::string& root, const Draft& draft) {
  const auto first = std::ranges::find(draft.bytes, -1);
  if (first == draft.bytes.end()) return {};
  const std::string_view path = draft.paths[first - draft.bytes.begin()];
  const std::int64_t count = std::ranges::count(draft.bytes, -1);
  std::string note = fmt::format("{} of {} pictures {} not there or no files, e.g. {}", count, draft.size(),
                                 count == 1 ? "is" : "are", one_line(full_path(root, path)));
  if (const std::string why = hint(root, path); !why.empty()) note += fmt::format(" ({})", why);
  return note;
}

}  // namespace pool3::corpus
