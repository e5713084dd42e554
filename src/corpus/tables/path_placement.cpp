#include "corpus/tables/path_placement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "corpus/file_names.hpp"
#include "pool3/corpus.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_tried = 2;     // paths that all ways are tried for
constexpr std::size_t most_folders = 32;  // beside the table

/// Folders in `folder`, with `front` before and a slash behind each, in byte order. None if there are too many to look
/// into.
std::vector<std::string> folders_in(const std::string& folder, const std::string& front) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    const std::string name = at->path().filename().string();
    if (is_foreign_name(name) || !at->is_directory(ignored)) continue;
    if (names.size() == most_folders) return {};
    names.push_back(front + name + "/");
  }
  std::ranges::sort(names);
  return names;
}

/// True for names like images/ and JPEGImages/. Above the table other sets may lie, with pictures of the same names.
bool is_of_pictures(std::string_view folder) {
  const std::string lower = lower_case(folder);
  return std::ranges::any_of(std::array{"image", "img", "picture", "photo"},
                             [&](const char* word) { return lower.find(word) != std::string::npos; });
}

/// Above the table's folder, each path must be found.
bool is_above(const Placement& way) { return way.below.starts_with("../"); }

/// Tries ways for one path.
class Search {
 public:
  explicit Search(const std::string& folder) : folder_(folder) {
    for (const char* front : {"", "../", "../../"}) {
      std::vector<std::string>& names = levels_.emplace_back(folders_in(folder + "/" + front, front));
      if (*front == '\0') continue;
      std::erase_if(names, [&](const std::string& name) { return !is_of_pictures(name); });
      names.insert(names.begin(), front);
    }
  }

  /// The first way that leads to a file: with the fewest folders taken away, and none put in front.
  [[nodiscard]] std::optional<Placement> way_to(std::string_view path) const {
    const bool windows = path.find('\\') != std::string_view::npos;
    for (const bool slashes : {false, true}) {
      if (slashes && !windows) continue;
      const std::string whole = slashes ? with_slashes(path) : std::string(path);
      for (std::size_t begin = 0; begin != std::string::npos; begin = next_part(whole, begin)) {
        Placement way{.with_slashes = slashes, .without = whole.substr(0, begin)};
        if (found_here(way, whole.substr(begin))) return way;
      }
      for (const std::size_t begin : {whole.find_first_not_of('/'), whole.rfind('/') + 1}) {  // npos + 1 is 0
        if (begin >= whole.size()) continue;
        const Placement way{.with_slashes = slashes, .without = whole.substr(0, begin)};
        for (const auto& folders : levels_)
          if (auto found = found_below(way, whole.substr(begin), folders)) return found;
      }
    }
    return std::nullopt;
  }

 private:
  static std::size_t next_part(const std::string& path, std::size_t begin) {
    const std::size_t slash = path.find('/', begin);
    return slash == std::string::npos || slash + 1 == path.size() ? std::string::npos : slash + 1;
  }

  /// Sets the ending of `way` if that is what a name lacks.
  [[nodiscard]] bool found_here(Placement& way, const std::string& path) const {
    if (is_there(folder_, path)) return true;
    std::error_code error;
    if (is_picture_name(path) || !fs::is_directory(fs::path(full_path(folder_, path)).parent_path(), error))
      return false;
    for (const std::string& ending : endings_in_both_cases()) {
      if (!is_there(folder_, path + ending)) continue;
      way.ending = ending;
      return true;
    }
    return false;
  }

  /// `way`, if the file is in exactly one of these folders.
  [[nodiscard]] std::optional<Placement> found_below(const Placement& way, const std::string& path,
                                                     const std::vector<std::string>& folders) const {
    std::optional<Placement> found;
    for (const std::string& folder : folders) {
      if (folder.ends_with("../") && path.find('/') == std::string::npos) continue;
      Placement below = way;
      below.below = folder;
      if (!found_here(below, folder + path)) continue;
      if (found) return std::nullopt;
      found = std::move(below);
    }
    return found;
  }

  const std::string& folder_;
  std::vector<std::vector<std::string>> levels_;  ///< folders in the table's own, and in the two above
};

}  // namespace

bool is_there(const std::string& folder, std::string_view path) {
  std::error_code error;
  const std::string full = full_path(folder, path);
  if (fs::is_regular_file(full, error)) return true;
  if (error != std::errc::not_a_directory) return false;
  for (std::size_t end = full.find('/', 1); end != std::string::npos; end = full.find('/', end + 1))
    if (is_shard_name(std::string_view(full).substr(0, end)) && fs::is_regular_file(full.substr(0, end), error))
      return true;
  return false;
}

const std::vector<std::string>& endings_in_both_cases() {
  static const std::vector<std::string> endings = [] {
    std::vector<std::string> all;
    for (const std::string_view ending : picture_endings) {
      std::string upper(ending);
      std::ranges::transform(upper, upper.begin(),
                             [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
      all.emplace_back(ending);
      all.push_back(std::move(upper));
    }
    return all;
  }();
  return endings;
}

std::string Placement::of(std::string_view path) const {
  if (is_as_written()) return std::string(path);
  std::string whole = with_slashes ? corpus::with_slashes(path) : std::string(path);
  if (!without.empty() && whole.starts_with(without)) whole.erase(0, without.size());
  if (!below.empty() && !whole.starts_with('/')) whole.insert(0, below);
  if (!ending.empty() && !is_picture_name(whole)) whole += ending;
  return whole;
}

std::string Placement::words() const {
  std::vector<std::string> ways;
  if (with_slashes) ways.emplace_back("with / for \\");
  if (!without.empty()) ways.push_back(fmt::format("without {} in front", one_line(without)));
  if (!below.empty()) ways.push_back(fmt::format("in {}", one_line(below)));
  if (!ending.empty()) ways.push_back(fmt::format("with {} behind", ending));
  return fmt::format("no picture is there under its path; taken are those that are there {}", fmt::join(ways, ", "));
}

std::string real_folder_of(const std::string& table) {
  std::error_code error;
  const fs::path whole = fs::absolute(table, error);
  const fs::path folder = error ? fs::path() : fs::canonical(whole.parent_path(), error);
  return error ? std::string() : folder.string();
}

std::ptrdiff_t count_there(const std::string& folder, const std::vector<std::string>& paths, const Placement& way) {
  return std::ranges::count_if(paths, [&](const auto& path) { return is_there(folder, way.of(path)); });
}

Placement find_placement(const std::string& folder, const std::vector<std::string>& paths) {
  if (folder.empty() || std::ranges::any_of(paths, [&](const auto& path) { return is_there(folder, path); })) return {};
  const Search search(folder);
  for (std::size_t i = 0; i < std::min(most_tried, paths.size()); ++i) {
    const auto way = search.way_to(paths[i]);
    if (way && (is_above(*way) ? 1 : 2) * count_there(folder, paths, *way) >= std::ssize(paths)) return *way;
  }
  return {};
}

}  // namespace pool3::corpus
