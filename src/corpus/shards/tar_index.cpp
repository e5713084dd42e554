#include "corpus/shards/tar_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "corpus/json_text.hpp"
#include "corpus/shards/archive.hpp"

namespace pool3::corpus {
namespace {

/// A longer .cls, .json or .txt holds no label.
constexpr std::int64_t max_label_file_bytes = 1 << 20;
/// A longer text is no label.
constexpr std::size_t max_label_bytes = 1024;
/// A tar file takes 512 bytes for each member. A compressed one may claim more pictures than it has such blocks, but
/// only so many: they take memory.
constexpr std::int64_t more_pictures_than_blocks = 1 << 20;
constexpr std::int64_t block_bytes = 512;

/// WebDataset's key of a member: its name up to the first dot of the last component.
std::string_view key_of(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return name.substr(0, name.find('.', slash == std::string_view::npos ? 0 : slash + 1));
}

/// The label of a JSON file: of the first of its keys that has one. "" if none has, or the text is no JSON. Nothing if
/// it has none of the keys.
std::optional<std::string> json_label(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return "";
  if (!json.is_object()) return std::nullopt;
  std::optional<std::string> label;
  for (const char* name : {"label", "class", "cls"}) {
    const auto found = json.find(name);
    if (found == json.end()) continue;
    label = text_of_json(*found);
    if (!label->empty()) break;
  }
  return label;
}

/// Which of several label files counts: the highest. 0 for other files.
int rank_of(std::string_view name) {
  const std::string ending = lower_case(name.substr(key_of(name).size()));
  if (ending == ".cls") return 3;
  if (ending == ".json") return 2;
  return ending == ".txt" ? 1 : 0;
}

struct Label {
  int rank = 0;
  std::string text;
};

/// Collects the members of one tar file in their order.
class Collector {
 public:
  Collector(Archive& archive, std::int64_t file_bytes)
      : archive_(archive), most_pictures_(more_pictures_than_blocks + file_bytes / block_bytes) {}

  TarIndex run() {
    Step step = archive_.next();
    for (; step == Step::entry && index_.size() < most_pictures_; step = archive_.next()) take();
    if (step == Step::entry)
      damage_ = fmt::format("it holds more than {} pictures, for its size too many", most_pictures_);
    if (step == Step::damage) damage_ = archive_.damage();
    return sorted();
  }

 private:
  struct Member {
    std::int64_t offset = -1, bytes = 0;
  };

  void take() {
    archive_entry* entry = archive_.entry();
    const char* text = archive_entry_pathname(entry);
    if (text == nullptr) return;
    std::string_view name = text;
    while (name.starts_with("./")) name.remove_prefix(2);
    if (name.empty() || name.ends_with('/')) return;
    if (name.size() >= PATH_MAX) return index_.left_out.add(Reason::name);
    const char* target = archive_entry_hardlink(entry);
    const bool regular = target == nullptr && archive_entry_filetype(entry) == AE_IFREG;
    const bool whole = regular && archive_entry_sparse_count(entry) == 0;
    const Member member = whole ? Member{archive_.offset(), archive_entry_size(entry)} : Member{};
    if (leave_out(name, archive_entry_filetype(entry) == AE_IFDIR)) return;
    if (is_picture_name(name)) {
      add_picture(name, target == nullptr ? member : linked(target));
    } else if (whole && rank_of(name) > 0) {
      add_label(name, member.bytes);
    } else if (regular) {
      index_.left_out.add(Reason::ending, ending_of(name));
    }
  }

  /// True, and counted, for what systems leave in archives, too.
  bool leave_out(std::string_view name, bool folder) {
    std::string_view rest = name;
    for (std::size_t end = rest.find('/'); end != std::string_view::npos; end = rest.find('/')) {
      if (is_foreign_name(rest.substr(0, end))) {
        index_.left_out.add(Reason::hidden);
        return true;
      }
      rest.remove_prefix(end + 1);
    }
    if (folder || !is_foreign_name(rest)) return folder;
    index_.left_out.add(Reason::hidden);
    return true;
  }

  void add_picture(std::string_view name, const Member& member) {
    if (!latest_.insert_or_assign(std::string(name), index_.size()).second) index_.left_out.add(Reason::repeat);
    index_.names.push_back(name);
    index_.offsets.push_back(member.offset);
    index_.bytes.push_back(member.offset < 0 ? -1 : member.bytes);
  }

  [[nodiscard]] Member linked(std::string_view target) const {
    while (target.starts_with("./")) target.remove_prefix(2);
    const auto found = latest_.find(std::string(target));
    if (found == latest_.end()) return {};
    const auto at = static_cast<std::size_t>(found->second);
    return {index_.offsets[at], index_.bytes[at]};
  }

  /// The text of the current member; nothing if that is damaged, which the next step sees.
  std::optional<std::string> text_of_member(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t have = 0; have < bytes;) {
      const std::int64_t got = archive_.read(std::span(text).subspan(have));
      if (got <= 0) return std::nullopt;
      have += static_cast<std::size_t>(got);
    }
    return text;
  }

  /// A file that counts and holds no label leaves the picture without one: what a lesser file holds is something else,
  /// as a caption is.
  void add_label(std::string_view name, std::int64_t bytes) {
    const int rank = rank_of(name);
    std::optional<std::string> value = "";
    if (bytes <= max_label_file_bytes) {
      const auto text = text_of_member(static_cast<std::size_t>(bytes));
      if (!text) return;
      value = rank == 2 ? json_label(*text) : trimmed(*text);
    }
    if (!value) return;
    if (value->size() > max_label_bytes || value->find('\0') != std::string::npos) value->clear();
    Label& label = labels_[std::string(key_of(name))];
    if (rank >= label.rank) label = {rank, std::move(*value)};
  }

  [[nodiscard]] TarIndex sorted() {
    std::vector<std::int64_t> order;
    for (const auto& [name, place] : latest_) order.push_back(place);
    std::ranges::sort(order, [&](auto a, auto b) { return index_.names[a] < index_.names[b]; });
    TarIndex result{.damage = damage_, .left_out = std::move(index_.left_out)};
    for (const std::int64_t place : order) {
      const auto at = static_cast<std::size_t>(place);
      const auto label = labels_.find(std::string(key_of(index_.names[place])));
      result.names.push_back(index_.names[place]);
      result.labels.push_back(label == labels_.end() ? std::string() : label->second.text);
      result.perhaps_captions.push_back(label != labels_.end() && label->second.rank == 1);
      if (label != labels_.end() && label->second.text.empty()) ++result.unclear_labels;
      result.offsets.push_back(index_.offsets[at]);
      result.bytes.push_back(index_.bytes[at]);
    }
    return result;
  }

  Archive& archive_;
  std::int64_t most_pictures_;
  TarIndex index_;  ///< in the order of the file, with repeats, without labels
  std::string damage_;
  std::unordered_map<std::string, std::int64_t> latest_;
  std::unordered_map<std::string, Label> labels_;
};

}  // namespace

std::int64_t TarIndex::find(std::string_view name) const {
  std::int64_t begin = 0;
  std::int64_t end = size();
  while (begin < end) {
    const std::int64_t middle = std::midpoint(begin, end);
    if (names[middle] < name) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin < size() && names[begin] == name ? begin : -1;
}

TarIndex index_tar(const std::string& path) {
  Archive archive(path);
  return Collector(archive, file_bytes({stage, path})).run();
}

TarIndex index_tar(const std::string& path, std::span<const char> bytes) {
  Archive archive(path, bytes);
  return Collector(archive, std::ssize(bytes)).run();
}

}  // namespace pool3::corpus
