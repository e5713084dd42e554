#include "corpus/sources/label_folders.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "pool3/error.hpp"
#include "pool3/partition/split_sides.hpp"

namespace pool3::corpus {
namespace {

/// The first folder of a path, or "".
std::string_view first_folder(std::string_view path) {
  const std::size_t end = path.find('/');
  return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

std::string_view behind_first(std::string_view path) { return path.substr(path.find('/') + 1); }  // npos + 1 is 0

/// The folders that all pictures lie in, with a slash behind; "" if they have none in common.
std::string shared_folders(const StringTable& paths) {
  std::string shared(paths[0]);
  for (std::int64_t row = 1; row < paths.size() && !shared.empty(); ++row)
    shared.resize(static_cast<std::size_t>(std::ranges::mismatch(shared, paths[row]).in1 - shared.begin()));
  return shared.substr(0, shared.rfind('/') + 1);  // npos + 1 is 0
}

/// The folders behind the first `skipped` letters of each path; "" among them for pictures that are in none there.
std::set<std::string_view> folders_behind(const StringTable& paths, std::size_t skipped) {
  std::set<std::string_view> names;
  std::optional<std::string_view> last;  // most rows are of the folder of the row before
  for (std::int64_t row = 0; row < paths.size(); ++row) {
    const std::string_view name = first_folder(paths[row].substr(skipped));
    if (name != last) names.insert(name);
    last = name;
  }
  return names;
}

/// Labels in the making: those of all rows, or nothing.
struct Labels {
  LabelNames names;
  std::vector<std::int32_t> rows;

  void add(const std::string& label) { rows.push_back(label.empty() ? -1 : names.number(label)); }
};

/// Of each path without its side, which may stand there twice (train/train/CLASS). Nothing if a picture of the training
/// side has no folder there, and another picture has one.
std::optional<Labels> labels_below_sides(const StringTable& paths, std::size_t skipped, const Labeller& label) {
  Labels labels;
  bool trains_without = false;
  for (std::int64_t row = 0; row < paths.size(); ++row) {
    const std::string_view path = paths[row].substr(skipped);
    const auto side = side_of_name(first_folder(path));
    std::string_view rest = behind_first(path);
    while (side && side_of_name(first_folder(rest)) == side) rest = behind_first(rest);
    labels.add(label(rest, ""));
    trains_without = trains_without || (side == RowSide::training && labels.rows.back() < 0);
  }
  if (trains_without && !labels.names.all().empty()) return std::nullopt;
  return labels;
}

/// Two folders or more, and each a side. Pictures beside them don't matter.
bool are_sides(std::set<std::string_view> folders) {
  folders.erase("");
  return folders.size() > 1 && std::ranges::all_of(folders, [](auto name) { return side_of_name(name).has_value(); });
}

void take(Labels&& labels, ManifestDraft& draft) {
  draft.names = std::move(labels.names);
  draft.labels = std::move(labels.rows);
}

}  // namespace

std::string look_below(ManifestDraft& draft, const Labeller& label) {
  const StringTable& paths = draft.paths;
  for (std::int64_t row = 0; row < paths.size(); ++row)
    if (paths[row].starts_with('/') || paths[row].starts_with('.')) return {};
  if (paths.size() == 0) return {};
  const std::string shared = shared_folders(paths);
  auto folders = folders_behind(paths, shared.size());
  if (are_sides(folders)) {
    auto labels = labels_below_sides(paths, shared.size(), label);
    if (!labels) return {};
    folders.erase("");
    const std::string which = shared.empty() ? "the top folders are" : fmt::format("the folders in {} are", shared);
    std::string note = fmt::format(
        "{} {}, the sides of a split: labels are the folders below, and the classifier takes the split (--split "
        "folders); --labels directory takes the top folders",
        one_line(which), one_line(fmt::format("{}", fmt::join(folders, ", "))));
    take(*std::move(labels), draft);
    return note;
  }
  if (shared.empty() || folders.size() < 2 || folders.contains("")) return {};
  Labels labels;
  for (std::int64_t row = 0; row < paths.size(); ++row) labels.add(label(paths[row].substr(shared.size()), ""));
  take(std::move(labels), draft);
  return fmt::format("all pictures are in {}: labels are the folders below; --labels directory takes the top folder",
                     one_line(shared));
}

}  // namespace pool3::corpus
