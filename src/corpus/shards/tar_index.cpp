#include "corpus/shards/tar_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "corpus/file_names.hpp"
#include "corpus/shards/archive.hpp"
#include "corpus/stage.hpp"

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

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(blanks) + 1 - begin));
}

std::string json_label(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return {};
  for (const char* name : {"label", "class", "cls"}) {
    const auto found = json.find(name);
    if (found == json.end()) continue;
    if (found->is_string()) return trimmed(found->get_ref<const std::string&>());
    if (found->is_number_integer()) return found->dump();
  }
  return {};
}

/// Which of several label files counts: the highest. 0 for other files.
int rank_of(std::string_view name) {
  const std::string_view ending = name.substr(key_of(name).size());
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
    if (name.empty() || name.ends_with('/') || name.size() >= PATH_MAX) return;
    const char* target = archive_entry_hardlink(entry);
    const bool regular = target == nullptr && archive_entry_filetype(entry) == AE_IFREG;
    const bool whole = regular && archive_entry_sparse_count(entry) == 0;
    const Member member = whole ? Member{archive_.offset(), archive_entry_size(entry)} : Member{};
    if (is_picture_name(name)) {
      add_picture(name, target == nullptr ? member : linked(target));
    } else if (whole && member.bytes <= max_label_file_bytes && rank_of(name) > 0) {
      add_label(name, static_cast<std::size_t>(member.bytes));
    }
  }

  void add_picture(std::string_view name, const Member& member) {
    latest_[std::string(name)] = index_.size();
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

  void add_label(std::string_view name, std::size_t bytes) {
    const int rank = rank_of(name);
    const std::string key(key_of(name));
    std::string text(bytes, '\0');
    std::size_t have = 0;
    while (have < bytes) {
      const std::int64_t got = archive_.read(std::span(text).subspan(have));
      if (got <= 0) return;  // the next step sees the damage
      have += static_cast<std::size_t>(got);
    }
    Label& label = labels_[key];
    if (rank < label.rank) return;
    std::string value = rank == 2 ? json_label(text) : trimmed(text);
    if (value.size() > max_label_bytes || value.find('\0') != std::string::npos) value.clear();
    if (!value.empty()) label = {rank, std::move(value)};
  }

  [[nodiscard]] TarIndex sorted() {
    std::vector<std::int64_t> order;
    for (const auto& [name, place] : latest_) order.push_back(place);
    std::ranges::sort(order, [&](auto a, auto b) { return index_.names[a] < index_.names[b]; });
    TarIndex result{.damage = damage_};
    for (const std::int64_t place : order) {
      const auto at = static_cast<std::size_t>(place);
      const auto label = labels_.find(std::string(key_of(index_.names[place])));
      result.names.push_back(index_.names[place]);
      result.labels.push_back(label == labels_.end() ? std::string() : label->second.text);
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
