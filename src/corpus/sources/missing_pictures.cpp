#include "corpus/sources/missing_pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "corpus/class_notes.hpp"
#include "corpus/file_names.hpp"
#include "corpus/tables/list_form.hpp"
#include "corpus/tables/path_placement.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

namespace fs = std::filesystem;

constexpr int most_names = 1'000'000;  // of a folder that are looked at

/// A name without the ending of a picture.
std::string_view stem_of(std::string_view name) {
  return is_picture_name(name) ? name.substr(0, name.rfind('.')) : name;
}

/// The name in `folder` that is `name`, but for case and Unicode form and, if that is a file's, but for its ending.
std::optional<std::string> name_like(const fs::path& folder, const std::string& name, bool of_file) {
  const auto letters = [](std::string_view text) { return folded(text, true); };
  const std::u32string whole = letters(name), stem = letters(stem_of(name));
  std::optional<std::string> found;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (int i = 0; !error && i < most_names && at != fs::directory_iterator(); at.increment(error), ++i) {
    const std::string other = at->path().filename().string();
    if (other == name) continue;
    if (letters(other) == whole) return other;
    if (of_file && !found && is_picture_name(other) && letters(stem_of(other)) == stem) found = other;
  }
  return found;
}

/// The path of a file that is written nearly so.
std::optional<std::string> path_like(const std::string& root, const std::string& path) {
  fs::path found = path.starts_with('/') ? fs::path("/") : fs::path();
  const fs::path parts = fs::path(path).relative_path();
  for (auto part = parts.begin(); part != parts.end(); ++part) {
    const fs::path folder = full_path(root, found.string());
    std::error_code error;
    const bool last = std::next(part) == parts.end();
    const fs::path same = folder / *part;
    if (last ? fs::is_regular_file(same, error) : fs::is_directory(same, error)) {
      found /= *part;
    } else if (const auto name = name_like(folder, part->string(), last)) {
      found /= *name;
    } else {
      return std::nullopt;
    }
  }
  if (!is_there(root, found.string())) return std::nullopt;
  return found.string();
}

/// Why this path may not have been found; "" if nothing is near.
std::string hint(const std::string& root, std::string_view path) {
  if (is_address(path)) return "it is an address, and pool3 reads files: fetch it first, as with wget";
  if (path.find_first_not_of("0123456789 \t.-") == std::string_view::npos)
    return "these are numbers: give the table or list that has the paths of pictures, often called images.txt";
  if (is_there(root, path))
    return "in its tar file it is a link or a sparse file: write that anew, with tar -h, and without -S";
  std::error_code error;
  if (const fs::path target = fs::read_symlink(full_path(root, path), error); !error)
    return fmt::format("it is a link to {}, which is not there{}", one_line(target.string()),
                       target.string().find("git/annex/") == std::string::npos ? "" : ": git annex get fetches it");
  const std::string slashes = with_slashes(path);
  if (slashes != path && is_there(root, slashes))
    return R"(it is there with / for \: write paths as on Linux, as with tr '\\' / <OLD >NEW)";
  if (!is_picture_name(path)) {
    for (const std::string& ending : endings_in_both_cases())
      if (is_there(root, std::string(path) + ending))
        return fmt::format("it is there as {}: write names with their endings", one_line(std::string(path) + ending));
  }
  const std::string_view bare = trimmed_view(path);
  if (bare != path && is_there(root, bare)) return "it is there without the blanks around its name";
  if (const auto rest = behind_number(path); rest && !rest->empty() && is_there(root, *rest))
    return "it is there without the number in front, which a list must not have: cut -d ' ' -f 2- OLD >NEW";
  if (const auto like = path_like(root, std::string(path)); like && *like != path)
    return fmt::format("there is {}: write names letter by letter as those of the files", one_line(*like));
  if (!path.starts_with('/') && is_there("", path))
    return "it is there from the working folder, but paths in tables and lists start from the folder that those are in";
  return {};
}

}  // namespace

std::string note_on_missing(const std::string& root, const ManifestDraft& draft) {
  const auto first = std::ranges::find(draft.bytes, -1);
  if (first == draft.bytes.end()) return {};
  const std::string_view path = draft.paths[first - draft.bytes.begin()];
  const std::int64_t count = std::ranges::count(draft.bytes, -1);
  std::string note = fmt::format("{} of {} pictures {} not there or no files, e.g. {}", count, draft.size(),
                                 count == 1 ? "is" : "are", one_line(full_path(root, path)));
  std::string why = hint(root, path);
  if (why.empty() && count == draft.size() && !path.starts_with('/'))
    why = "paths in tables and lists start from their folder, or from --path-root FOLDER";
  if (!why.empty()) note += fmt::format(" ({})", why);
  return note;
}

}  // namespace pool3::corpus
